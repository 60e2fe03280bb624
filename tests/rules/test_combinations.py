"""Several things broken at once: nothing raises, every fix can be applied, and mending leads somewhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.session.document import Document
from fabwiz.session.edits import EditError
from fabwiz.session.findings import Edit, Finding

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]

BREAKS: list[dict[str, Any]] = [
    case["set"]
    for cases in yaml.safe_load(Path(__file__).with_name("broken.yaml").read_text("utf-8")).values()
    for case in cases
    if "set" in case
]


@pytest.mark.parametrize("seed", range(40))
def test_mending_one_after_the_other_ends_without_errors_that_have_fixes(
    seed: int, valid: Document, told: Told
) -> None:
    document = _broken(random.Random(seed), valid)
    for _ in range(60):
        fixes = [finding.fix for finding in told(document) if finding.fix]
        if not fixes:
            break
        document = document.edit(fixes[0].edits)
    assert not [finding for finding in told(document) if finding.fix]


def _broken(chance: random.Random, valid: Document) -> Document:
    """The valid session with three breaks that can be made together."""

    document = valid
    for settings in chance.sample(BREAKS, 3):
        edits = [
            Edit(tuple(int(part) if part.isdecimal() else part for part in key.split(".")), value)
            for key, value in settings.items()
        ]
        try:
            document = document.edit(edits)
        except EditError:
            continue
    return document
