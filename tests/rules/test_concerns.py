"""Settings and the rules that they are subject to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.rules.concerns import rules_about
from fabwiz.session.reference import settings_reference

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("broken.yaml").read_text("utf-8"))
LOADER = {"yaml-unsupported", "yaml-duplicate-key", "unknown-key", "missing-key", "wrong-type", "wrong-value"}
SETTINGS = {setting.path for setting in settings_reference() if "<" not in setting.path and "[" not in setting.path}
GENERAL = SETTINGS - {"fabwiz", "hosts", "zookeeper", "kafka", "orderers", "organizations", "consortiums", "channels"}
BROKEN = {(rule, case["at"]) for rule, cases in TABLE.items() for case in cases}
CASES = sorted((rule, setting) for rule, setting in BROKEN if setting in GENERAL and rule not in LOADER)


@pytest.mark.parametrize(
    ("rule", "setting"), [(rule, at) for rule, at in CASES if at in GENERAL and rule not in LOADER]
)
def test_a_setting_knows_the_rules_that_it_breaks(rule: str, setting: str) -> None:
    assert rule in {one.id for one in rules_about(setting)}


def test_a_setting_without_rules_has_none() -> None:
    assert rules_about("logging.max_files") == ()
