"""The README stays true."""

from pathlib import Path

from fabwiz.rules import check
from fabwiz.session.document import Document
from fabwiz.session.reference import settings_table

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_it_documents_every_setting() -> None:
    assert settings_table().strip() in README, "put the output of settings_table() below 'Every setting'"


def test_its_session_breaks_no_rule() -> None:
    text = README.split("```yaml\n")[1].split("```")[0]

    document = Document.from_text(text)

    assert document.network
    assert not [finding for finding in (*document.findings, *check(document.network)) if finding.blocks]


def test_its_pictures_exist() -> None:
    for piece in README.split("](")[1:]:
        target = piece.split(")")[0]
        if not target.startswith(("http", "#")):
            assert (Path(__file__).parent.parent / target).is_file(), target
