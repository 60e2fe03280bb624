"""crypto-config.yaml and configtx.yaml, as they were given to the official tools for tests/reference."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.artifacts import crypto, official
from fabwiz.artifacts.errors import ArtifactError, GenerateError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = sorted(path.parent.name for path in REFERENCE.glob("*/session.yaml"))


def network(case: str, **changes: Any) -> Network:
    data = yaml.safe_load((REFERENCE / case / "session.yaml").read_text())
    return Network(Session.model_validate(data | changes))


@pytest.mark.parametrize("case", CASES)
def test_configtx_yaml(case: str) -> None:
    text = official.configtx_yaml(network(case))
    assert yaml.safe_load(text) == yaml.safe_load((REFERENCE / case / "configtx.yaml").read_text())
    assert "&id" not in text  # configtxgen reads no aliases of lists


@pytest.mark.parametrize("case", CASES)
def test_crypto_config_yaml(case: str) -> None:
    ours = official.crypto_config_yaml(network(case))
    assert yaml.safe_load(ours) == yaml.safe_load((REFERENCE / case / "crypto-config.yaml").read_text())


def test_comments_say_how_to_use_configtx_yaml() -> None:
    text = official.configtx_yaml(network("three-orgs-one-host"))
    assert "# Genesis block: -profile Genesis -channelID system-channel" in text
    assert "# channel2: -profile Channel1 -channelID channel2" in text


def test_subject_fields_stand_under_ca() -> None:
    data = yaml.safe_load((REFERENCE / "four-lan-hosts" / "session.yaml").read_text())["organizations"]
    data["Org1"]["subject"] = {"country": "FR"}
    subject = {"country": "DE", "organizational_unit": "Lab"}
    text = official.crypto_config_yaml(network("four-lan-hosts", organizations=data, certificates={"subject": subject}))
    read = yaml.safe_load(text)
    assert read["OrdererOrgs"][0]["CA"] == {"Country": "DE", "OrganizationalUnit": "Lab"}
    assert [org["CA"]["Country"] for org in read["PeerOrgs"]] == ["FR", "DE"]


def test_what_cryptogen_cannot_do_stands_in_a_comment() -> None:
    certificates = {"lifetime": "8760h", "subject": {"country": "DE"}}
    text = official.crypto_config_yaml(network("three-orgs-one-host", certificates=certificates))
    assert "# cryptogen gives every certificate 10 years" in text
    assert "# cryptogen of Fabric 1.0 passes over the subject fields" in text
    assert "years" not in official.crypto_config_yaml(network("three-orgs-one-host"))


def test_keys_of_an_earlier_release_are_described_as_they_are(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "network.yaml")
    crypto.generate(network("three-orgs-one-host", fabric="1.0.0"), workspace)
    later = network("three-orgs-one-host", fabric="1.4.12")

    def writers(text: str) -> str:
        profile = yaml.safe_load(text)["Profiles"]["Genesis"]
        rule: str = profile["Consortiums"]["Consortium1"]["Organizations"][0]["Policies"]["Writers"]["Rule"]
        return rule

    assert writers(official.configtx_yaml(later)) == "OR('Org1MSP.admin', 'Org1MSP.client')"
    assert writers(official.configtx_yaml(later, workspace)) == "OR('Org1MSP.member')"


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(GenerateError, match="Org9"):
        official.configtx_yaml(network("four-lan-hosts", consortiums={"C": ["Org9"]}))
    with pytest.raises(ArtifactError, match=r"9\.9\.9"):
        official.crypto_config_yaml(network("four-lan-hosts", fabric="9.9.9"))
