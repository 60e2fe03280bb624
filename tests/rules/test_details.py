"""Single findings where the table says too little: what messages name, where fixes lead, what sets rules off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fabwiz.rules import RULES, check
from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity
from fabwiz.session.network import Network

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("four-lan-hosts", ["kafka-tls", "image-missing"]),
        ("thirteen-hosts", ["kafka-tls", "fault-domain", *["organization-without-peers"] * 3]),
        ("three-orgs-one-host", ["kafka-tls", "fault-domain"]),
    ],
)
def test_the_shipped_sessions_give_only_warnings(name: str, warnings: list[str], tmp_path: Path) -> None:
    document = Document.from_text(examples.text(name))
    assert document.network is not None
    found = check(document.network, tmp_path)
    assert [finding.rule for finding in found] == warnings
    assert not any(finding.blocks for finding in found)


def test_message_size_explains_the_99_mb_of_the_sources(change: Change, told: Told) -> None:
    (finding,) = told(change({"ordering.absolute_max_bytes": "99 MB"}))
    assert "99 MB (103809024 bytes)" in finding.message
    assert finding.fix is not None
    assert [(edit.path, edit.value) for edit in finding.fix.edits] == [(("ordering", "absolute_max_bytes"), "98 MB")]


def test_host_address_says_what_is_wrong_and_moves_user_and_port(change: Change, told: Told) -> None:
    (finding,) = told(change({"hosts.a": "192.168.121"}))
    assert "'192.168.121' has 3 numbers of the 4 of an IPv4 address" in finding.message
    document = change({"hosts.a": "op@198.51.100.11:2222"})
    (finding,) = told(document)
    assert finding.fix is not None
    mended = document.edit(finding.fix.edits).network
    assert mended is not None
    host = mended.hosts["a"]
    assert (host.address, host.ssh.user, host.ssh.port) == ("198.51.100.11", "op", 2222)


def test_a_single_local_host_needs_no_address(told: Told) -> None:
    document = Document.from_text(examples.text("three-orgs-one-host"))
    assert "host-address" not in {finding.rule for finding in told(document)}


def test_two_local_hosts_are_one_machine(change: Change, told: Told) -> None:
    both = {"transport": "local", "address": "198.51.100.11"}
    (finding,) = told(change({"hosts.a": both, "hosts.b": {**both, "address": "198.51.100.12"}}))
    assert finding.rule == "host-duplicate-address"
    assert "both this machine" in finding.message


def test_a_jump_host_is_not_unused(change: Change, told: Told) -> None:
    assert told(change({"hosts.gate": "198.51.100.9", "ssh.jump": "gate"})) == []


def test_unknown_host_names_the_nearest(change: Change, told: Told) -> None:
    document = change({"hosts": {f"server{n}": f"198.51.100.{n}" for n in range(1, 5)}, "kafka.kafka1": "sever2"})
    finding = next(one for one in told(document) if one.path == ("kafka", "kafka1", "host"))
    assert "did you mean server2?" in finding.message


def test_ports_that_shifting_makes_too_high_are_told(change: Change, told: Told) -> None:
    document = change({"orderers": {f"orderer{n}": "abcd"[n % 4] for n in range(240)}})
    found = [finding for finding in told(document) if finding.rule == "port-conflict"]
    assert found
    assert "ports end at 65535" in found[0].message
    assert found[0].fix is not None
    assert all(1024 <= finding.fix.edits[0].value <= 65535 for finding in found if finding.fix)


def test_defaults_of_nodes_on_one_host_do_not_conflict(told: Told) -> None:
    document = Document.from_text(examples.text("three-orgs-one-host"))
    assert "port-conflict" not in {finding.rule for finding in told(document)}


@pytest.mark.parametrize(
    ("given", "says", "use"),
    [
        ("3.0.0", "removed in 3.0", "1.4.12"),
        ("2.2", "deprecated", "1.4.12"),
        ("1.2.9", "no Fabric release '1.2.9'", "1.2.1"),
        ("latest", "no Fabric release 'latest'", "1.4.12"),
        ("0.6", "no Fabric release", "1.4.12"),
    ],
)
def test_fabric_version(given: str, says: str, use: str, change: Change, told: Told) -> None:
    (finding,) = told(change({"fabric": given}))
    assert says in finding.message
    assert finding.fix is not None
    assert finding.fix.edits[0].value == use


@pytest.mark.parametrize("version", ["1.2.0", "1.3.0", "1.4.7"])
def test_retired_builder_images(version: str, change: Change, told: Told) -> None:
    (finding,) = told(change({"fabric": version, "images.registry": "mirror.example.com:5000"}))
    assert finding.rule == "image-missing"
    assert f"mirror.example.com:5000/hyperledger/fabric-ccenv:{version}" in finding.message


def test_policies_follow_the_release(change: Change, told: Told) -> None:
    (finding,) = told(change({"fabric": "1.0.6"}))
    assert finding.rule == "chaincode-policy"
    assert "'peer' is no role of Fabric 1.0.6" in finding.message


def test_a_policy_on_several_channels_must_fit_each(change: Change, told: Told) -> None:
    (finding,) = told(
        change({"channels.own.organizations": ["Org1"], "chaincodes.mycc.channels": ["mychannel", "own"]})
    )
    assert "Org2MSP, which is no MSP of the channel own" in finding.message


def test_node_chaincode_needs_1_1(change: Change, told: Told) -> None:
    found = told(change({"fabric": "1.0.0", "chaincodes.mycc.policy": None, "chaincodes.mycc.language": "node"}))
    assert [(finding.rule, finding.dotted) for finding in found] == [("chaincode-path", "chaincodes.mycc.language")]


@pytest.mark.parametrize(
    ("language", "files", "good"),
    [
        ("golang", ["main.go"], True),
        ("golang", ["main_test.go"], False),
        ("golang", [], False),
        ("node", ["package.json"], True),
        ("node", ["index.js"], False),
        ("java", ["build.gradle"], True),
        ("java", ["pom.xml"], True),
        ("java", ["Main.java"], False),
    ],
)
def test_source_is_of_its_language(
    language: str, files: list[str], good: bool, folder: Path, change: Change, told: Told
) -> None:
    (folder / "source").mkdir()
    for name in files:
        (folder / "source" / name).touch()
    found = told(change({"chaincodes.mycc.path": "source", "chaincodes.mycc.language": language}))
    assert [finding.rule for finding in found] == ([] if good else ["chaincode-path"])


@pytest.mark.parametrize("path", ["", "nul\0byte", "x" * 5000, "~nobody-of-this-name/x", "mycc/main.go"])
def test_awkward_paths_are_told_not_raised(path: str, folder: Path, valid: Document) -> None:
    assert valid.session is not None
    spec = valid.session.chaincodes["mycc"].model_copy(update={"path": path})
    session = valid.session.model_copy(update={"chaincodes": {"mycc": spec}})
    found = check(Network(session), folder)
    assert [finding.rule for finding in found] == ["chaincode-path"]


def test_without_a_folder_unknown_chaincode_is_taken_on_trust(change: Change) -> None:
    network = change({"chaincodes.mycc.path": "nowhere"}).network
    assert network is not None
    assert check(network) == ()


def test_samples_are_found_from_anywhere(change: Change, told: Told) -> None:
    assert told(change({"chaincodes.mycc.path": "chaincode_example02"})) == []
    (finding,) = told(change({"chaincodes.mycc.path": "chaincode_example2"}))
    assert "did you mean chaincode_example02?" in finding.message


def test_findings_come_in_one_order(change: Change, told: Told) -> None:
    settings = {"tls": False, "fabric": "9", "zookeeper.zk1.id": 0, "accept.x": "y", "kafka.kafka4": "nowhere"}
    found = told(change(settings))
    assert found == told(change(dict(reversed(settings.items()))))
    order = list(RULES)
    assert [order.index(finding.rule) for finding in found] == sorted(order.index(one.rule) for one in found)


def test_severity_may_grow_where_nothing_would_work(change: Change, told: Told) -> None:
    assert told(change({"orderers.orderer2": None}))[0].severity is Severity.WARNING
    assert told(change({"orderers": {}}))[0].severity is Severity.ERROR


def test_messages_stay_readable_whatever_the_session_holds(change: Change, told: Told) -> None:
    settings = {
        "hosts.a": "x" * 100_000,
        "chaincodes.mycc.policy": f"OR('{'y' * 100_000}')",
        "organizations": {f"Org{n}": {"domain": f"o{n}.example.com", "peers": {"p": "a"}} for n in range(300)},
    }
    assert all(len(finding.message) < 1500 for finding in told(change(settings)))
