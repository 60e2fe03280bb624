"""Drafts: what was typed is never lost, findings follow, changes can be taken back."""

from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from fabwiz.editing.draft import ChangedElsewhere, Draft, Settled, open_draft
from fabwiz.editing.keeper import Keeper
from fabwiz.editing.values import text_of, value_of
from fabwiz.session import examples
from fabwiz.session.assigned import remember
from fabwiz.session.document import Document
from fabwiz.session.edits import EditError
from fabwiz.session.files import make_private_dir
from fabwiz.session.findings import Edit
from fabwiz.session.shape import shape_at
from fabwiz.session.workspace import Workspace


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    path = tmp_path / "lan4.yaml"
    path.write_text("# our test network\n" + examples.text("four-lan-hosts"))
    opened = open_draft(path)
    assert isinstance(opened, Draft)
    return opened


def rules(draft: Draft) -> set[str]:
    return {finding.rule for finding in draft.settle().findings}


def test_what_is_typed_is_there_at_once_and_findings_follow(draft: Draft) -> None:
    assert draft.settled.valid
    draft.change("remove kafka3", [Edit(("kafka", "kafka3"))])

    assert "kafka3" not in draft.get(("kafka",))
    assert not draft.is_settled
    assert "kafka-count" in rules(draft)
    assert not draft.settled.valid


def test_a_value_that_is_not_right_yet_hides_no_other_finding(draft: Draft) -> None:
    draft.change("remove kafka3", [Edit(("kafka", "kafka3"))])
    draft.change("port", [Edit(("orderers", "orderer1"), {"host": "a", "port": "70x"})])

    assert {"kafka-count", "wrong-type"} <= rules(draft)
    assert draft.settled.document.session is None
    network = draft.settled.network
    assert network
    assert network.orderers[0].ports["grpc"] == 7050


def test_what_would_move_on_a_running_network_is_told(draft: Draft) -> None:
    assert draft.path
    assert draft.settled.network
    workspace = Workspace(draft.path)
    make_private_dir(workspace.root)
    remember(workspace.assigned, draft.settled.network)
    first = {"zk0": "d", **draft.get(("zookeeper",))}
    draft.change("add in front", [Edit(("zookeeper",), first)])
    assert "node-moved" in rules(draft)


@pytest.mark.parametrize(
    "path", [("name",), ("hosts",), ("zookeeper", "zk1"), ("organizations", "Org1", "domain"), ("fabwiz",)]
)
def test_what_is_missing_or_odd_leaves_the_rest_understood(draft: Draft, path: tuple[str, ...]) -> None:
    draft.change("break", [Edit(path, [[]])])
    settled = draft.settle()
    assert settled.network
    assert settled.network.kafka
    assert not settled.valid


def test_undo_and_redo_give_text_back_with_its_comments(draft: Draft) -> None:
    before = draft.settled.document.text
    draft.change("rename kafka1", [Edit(("kafka", "kafka1"), key="broker1")])
    draft.settle()
    draft.change("remove a", [Edit(("hosts", "a"))])
    after = draft.settle().document.text

    assert (draft.undo(), draft.undo(), draft.undo()) == ("remove a", "rename kafka1", None)
    assert draft.settle().document.text == before
    assert (draft.redo(), draft.redo(), draft.redo()) == ("rename kafka1", "remove a", None)
    assert draft.settle().document.text == after


def test_a_word_is_taken_back_whole(draft: Draft) -> None:
    for typed in ("t", "te", "tes", "test"):
        draft.change("name", [Edit(("name",), typed)], merge="name")
    assert draft.get(("name",)) == "test"
    draft.undo()
    assert draft.get(("name",)) == "lan4"


def test_what_was_typed_and_taken_back_by_hand_leaves_nothing_to_undo(draft: Draft) -> None:
    for typed in ("lan4x", "lan4xy", "lan4"):
        draft.change("name", [Edit(("name",), typed)], merge="name")
    assert draft.undoes is None


def test_changes_that_change_nothing_cannot_be_undone(draft: Draft) -> None:
    assert not draft.change("same", [Edit(("name",), "lan4")])
    assert draft.undoes is None


def test_an_edit_that_does_not_fit_changes_nothing(draft: Draft) -> None:
    with pytest.raises(EditError):
        draft.change("both", [Edit(("name",), "new"), Edit(("name", "x", "y"), 1)])
    assert draft.get(("name",)) == "lan4"
    assert draft.is_settled


def test_saving_keeps_comments_and_gives_the_same_draft_again(draft: Draft) -> None:
    draft.change("name", [Edit(("name",), "other")])
    draft.save()
    assert draft.path
    assert draft.path.read_text().startswith("# our test network\n")
    again = open_draft(draft.path)
    assert isinstance(again, Draft)
    assert again.data == draft.data
    assert again.is_saved


def test_what_somebody_else_has_changed_is_not_overwritten(draft: Draft) -> None:
    assert draft.path
    draft.path.write_text("fabwiz: 1\n")
    draft.change("name", [Edit(("name",), "other")])
    with pytest.raises(ChangedElsewhere, match="changed by somebody else"):
        draft.save()
    assert draft.path.read_text() == "fabwiz: 1\n"
    draft.save(overwrite=True)
    assert "name: other" in draft.path.read_text()


def test_a_file_that_is_no_session_gives_its_findings(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("hosts: [\n")
    found = open_draft(path)
    assert isinstance(found, tuple)
    assert [finding.rule for finding in found] == ["yaml-syntax"]


def test_the_keeper_settles_and_saves_within_a_second_and_at_the_end(draft: Draft) -> None:
    settled: Queue[Settled] = Queue()
    saved: Queue[Exception | None] = Queue()
    keeper = Keeper(draft, settled.put, saved.put)
    draft.change("name", [Edit(("name",), "other")])
    keeper.changed()
    assert settled.get(timeout=60).valid
    assert saved.get(timeout=60) is None
    assert draft.path
    assert "name: other" in draft.path.read_text()
    draft.change("name", [Edit(("name",), "third")])
    keeper.changed()
    keeper.close()
    assert "name: third" in draft.path.read_text()


def test_the_keeper_tells_what_keeps_it_from_saving(draft: Draft) -> None:
    saved: Queue[Exception | None] = Queue()
    keeper = Keeper(draft, lambda _: None, saved.put)
    assert draft.path
    draft.path.write_text("fabwiz: 1\n")
    draft.change("name", [Edit(("name",), "other")])
    keeper.changed()
    assert isinstance(saved.get(timeout=60), ChangedElsewhere)
    with pytest.raises(ChangedElsewhere):
        keeper.close()


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("fabric", "1.4.12", "1.4.12"),
        ("ssh.port", " 2222 ", 2222),
        ("ssh.port", "22x", "22x"),
        ("tls", "no", False),
        ("tls", "maybe", "maybe"),
        ("ordering.batch_timeout", "2s", "2s"),
        ("name", "  ", None),
        ("chaincodes.mycc.init", "init a 100 'two words'", ["init", "a", "100", "two words"]),
        ("chaincodes.mycc.init", "init 'a", "init 'a"),
    ],
)
def test_what_is_typed_becomes_data_of_the_setting(path: str, text: str, value: object) -> None:
    shape = shape_at(tuple(path.split(".")))
    assert shape
    assert value_of(text, shape) == value
    assert value_of(text_of(value, shape), shape) == value


def test_a_new_draft_without_a_file_says_so() -> None:
    with pytest.raises(EditError, match="no file"):
        Draft(Document.from_text("fabwiz: 1\n")).save()
