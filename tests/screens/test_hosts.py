"""The step Hosts: a table that is typed into, pasted into, and tried out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Key, Paste

from fabwiz.session.load import load
from screens.steps.hosts import Hosts
from screens.steps.hosts.table import HostsTable
from screens.widgets.editable_grid import CellInput
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]

THIRTEEN = """\
节点名称   | IP Address  | Hostname                   | Org?    | Password
---        |---          | ---                        | ---     | ---
Zookeeper1 | 198.51.100.11 |  Zookeeper1             | ——      | hunter2
Zookeeper2 | 198.51.100.12  |  Zookeeper2                | ——    | hunter2
Zookeeper3 | 198.51.100.13 |  Zookeeper3          | —— | hunter2
Kafka1     | 198.51.100.14  |  Kafka1                    | —— | hunter2
Kafka2     | 198.51.100.15 |  Kafka2                    | —— | hunter2
Kafka3     | 198.51.100.16 |  Kafka3                    | —— | hunter2
Kafka4     | 198.51.100.17|  Kafka4                    | —— | hunter2
Orderer0   | 198.51.100.18|  orderer0.example.com  | —— | hunter2
Orderer1   | 198.51.100.19 |  orderer1.example.com      | —— | hunter2
Orderer2   | 198.51.100.20|  orderer2.example.com      | —— | hunter2
Peer0      | 198.51.100.21|  pee0.org1.example.com     | Org1 | hunter2
foo27      | 198.51.100.22|  foo27.org5.example.com     | Org5    | hunter2
bar        |198.51.100.23 |bar.org5.example.com   | Org5  | hunter2
"""


def table(driven: Driven) -> HostsTable:
    return driven.wizard.query_one(HostsTable)


async def to_hosts(driven: Driven) -> None:
    await driven.wizard.go_to("hosts")
    await driven.pilot.pause()


async def paste(driven: Driven, text: str) -> None:
    driven.app.post_message(Paste(text))
    await driven.pilot.pause()
    await driven.pilot.pause()


def test_the_four_hosts_are_typed_by_keyboard_alone(tmp_path: Path, example: Example) -> None:
    wanted = load(example("four-lan-hosts")).session
    assert wanted

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("g")
        await driven.type("root")
        await driven.press("tab")
        await driven.type("~/.ssh/id_ed25519")
        await driven.press(*["tab"] * 7)
        for name, last in zip("abcd", (11, 12, 13, 14), strict=True):
            await driven.press("a")
            await driven.type(name)
            await driven.press("tab")
            await driven.type(f"203.0.113.{last}")
            await driven.press("enter")
        await driven.settle()

    path = tmp_path / "ours.yaml"
    drive(path, script)
    got = load(path)
    assert got.session
    assert got.session.hosts == wanted.hosts
    assert got.session.ssh == wanted.ssh
    assert "  a: 203.0.113.11\n" in got.text


def test_tab_goes_on_to_the_next_row_and_begins_a_new_one_after_the_last(tmp_path: Path) -> None:
    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("insert")
        await driven.type("one")
        await driven.press("tab")
        await driven.type("192.0.2.1")
        await driven.press("tab")
        await driven.type("ops")
        await driven.press(*["tab"] * 7)
        await driven.type("/srv/net")
        await driven.press("tab")
        await driven.type("no")
        await driven.press("tab")
        await driven.type("40s")
        await driven.press("tab")
        await driven.type("two")
        await driven.press("tab", "enter", "up", "left", "enter", *["backspace"] * 3)
        await driven.type("uno")
        await driven.press("shift+tab", "escape")
        assert table(driven).row == "uno"

    path = tmp_path / "ours.yaml"
    drive(path, script)
    session = load(path).session
    assert session
    assert list(session.hosts) == ["uno", "two"]
    assert session.hosts["uno"].ssh.user == "ops"
    assert session.hosts["uno"].remote_dir == "/srv/net"
    assert (session.hosts["uno"].ssh.agent, session.hosts["uno"].ssh.connect_timeout) == (False, 40)


def test_one_host_may_wait_longer_and_do_without_an_agent(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("down", "end")
        assert table(driven).column == "timeout"
        assert "seconds to wait for a connection" in driven.text()
        await driven.press("4", "5", "s", "shift+tab")
        assert table(driven).column == "agent"
        await driven.type("fals")
        await driven.until(lambda: "true or false" in driven.text())  # the finding tells what may stand there
        await driven.press("e", "enter")
        assert "(true, false)" in driven.text()
        await driven.settle()
        ssh = driven.saved().hosts["b"].ssh
        assert (ssh.agent, ssh.connect_timeout) == (False, 45)
        await driven.wizard.reveal(("hosts", "b", "ssh", "connect_timeout"))
        assert (table(driven).row, table(driven).column) == ("b", "timeout")
        await driven.press("enter", "ctrl+u", "shift+tab", "ctrl+u", "enter")
        await driven.settle()

    drive(path, script, (120, 40))
    assert path.read_text() == before


def test_a_burst_of_keys_goes_where_each_is_meant(tmp_path: Path) -> None:
    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        # as tmux sends them: all are there before the first one is worked off
        typed = [*"adelta", "tab", *"192.0.2.4", "tab", *"dart", "enter", *"aad", "enter", "up"]
        for key in typed:
            driven.app.post_message(Key(key, key if len(key) == 1 else None))
        await driven.until(lambda: "ad" in (driven.wizard.draft.get(("hosts",)) or {}))
        await driven.settle()

    path = tmp_path / "ours.yaml"
    drive(path, script)
    session = load(path)
    assert session.session
    assert {name: host.address for name, host in session.session.hosts.items()} == {"delta": "192.0.2.4", "ad": None}
    assert session.session.hosts["delta"].ssh.user == "dart"


def test_escape_leaves_a_cell_as_it_was_and_nothing_to_undo(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("right", "left", "enter", "backspace", "9")
        await driven.until(lambda: driven.wizard.draft.get(("hosts", "a")) == "203.0.113.19")
        await driven.press("escape")
        assert driven.wizard.draft.undoes is None
        await driven.press("r", "x", "y", "escape", "a", "n", "e", "w", "escape")
        assert driven.wizard.draft.undoes is None

    drive(path, script)
    assert path.read_text() == before


def test_a_rename_is_followed_and_undone_whole(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("r", "end", "l", "p", "h", "a", "enter")
        data = driven.wizard.draft.data
        assert list(data["hosts"]) == ["alpha", "b", "c", "d"]
        assert data["zookeeper"]["zk1"] == data["organizations"]["Org1"]["peers"]["peer0"] == "alpha"
        assert table(driven).row == "alpha"
        await driven.press("r", "end", *["backspace"] * 5, "b", "enter")
        assert table(driven).is_editing, "a name that is taken is not left"
        await driven.press("escape", "f7")
        await driven.settle()

    drive(path, script)
    assert path.read_text() == before


def test_a_removed_host_comes_back_and_its_finding_leads_to_its_cell(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("down", "d")
        assert "b" not in driven.wizard.draft.data["hosts"]
        await driven.until(lambda: "host-unknown" in {one.rule for one in driven.wizard.draft.settled.findings})
        await driven.press("f7")
        assert list(driven.wizard.draft.data["hosts"]) == ["a", "b", "c", "d"]
        await driven.press("down", "down", "3", "full_stop", "enter")
        await driven.until(lambda: "host-address" in {one.rule for one in driven.wizard.draft.settled.findings})
        await driven.pilot.pause(0.1)
        await driven.press("up", "down")
        assert "host d" in driven.text().split("──")[-1], "the hint line tells the finding of the cell"
        await driven.press("up", "up")
        await driven.wizard.reveal(("hosts", "d", "address"))
        assert (table(driven).row, table(driven).column) == ("d", "address")
        await driven.press("f7")

    drive(path, script)
    assert path.read_text() == before


def test_a_host_may_be_this_machine(example: Example) -> None:
    path = example("three-orgs-one-host")
    name = next(iter(load(path).session.hosts))  # type: ignore[union-attr]

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        was = driven.wizard.draft.get(("hosts", name, "transport"))
        await driven.press("l")
        assert (driven.wizard.draft.get(("hosts", name, "transport")) == "local") != (was == "local")
        await driven.press("l")
        assert driven.wizard.draft.get(("hosts", name, "transport")) == was

    drive(path, script)


def test_thirteen_pasted_hosts_are_previewed_then_added_without_their_passwords(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await paste(driven, THIRTEEN)
        shown = driven.text()
        assert "Markdown table" in shown
        assert "passwords are not kept" in shown
        assert "Adds 13 hosts and places 13 nodes" in " ".join(shown.split())
        assert "hunter2" not in shown
        await driven.press("escape")
        assert not driven.wizard.draft.get(("hosts",))

        await paste(driven, THIRTEEN)
        await driven.press("n")
        await driven.press("enter")
        assert len(driven.wizard.draft.data["hosts"]) == 13
        assert not driven.wizard.draft.data["kafka"]
        await driven.press("f7")
        assert not driven.wizard.draft.get(("hosts",))

        await paste(driven, THIRTEEN)
        await driven.press("enter")
        await driven.settle()

        # once more: nothing is added twice, and each row says why
        await paste(driven, THIRTEEN)
        assert "13 rows cannot be taken" in " ".join(driven.text().split())
        assert "has this machine already" in driven.text()
        await driven.press("enter", "escape")

    drive(path, script)
    session = load(path).session
    assert session
    assert len(session.hosts) == 13
    assert session.hosts["kafka3"].address == "198.51.100.16"
    assert session.kafka["kafka3"].host == "kafka3"
    assert session.organizations["Org5"].peers["foo27"].host == "foo27"
    assert session.ssh.password == "ask"
    assert "hunter2" not in path.read_text()


def test_a_table_pasted_into_a_cell_is_previewed_and_one_line_is_typed(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("enter")
        await paste(driven, "e 192.0.2.5\nf 192.0.2.6\n")
        await driven.press("enter")
        assert list(driven.wizard.draft.data["hosts"])[4:] == ["e", "f"]
        await driven.press("right", "left")
        await paste(driven, "192.0.2.77")
        await driven.press("enter")

    drive(path, script)
    session = load(path).session
    assert session
    assert [host.address for host in session.hosts.values()].count("192.0.2.77") == 1


def test_a_session_begins_with_a_pasted_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def script(driven: Driven) -> None:
        await driven.press("p")
        await paste(driven, THIRTEEN)
        await driven.press("ctrl+s", "enter", "ctrl+a", "ctrl+k")
        await driven.type("cluster")
        await driven.press("enter")
        await driven.until(lambda: (tmp_path / "cluster.yaml").exists())
        await driven.until(lambda: "Fabric release" in driven.text())

    drive(tmp_path / "cluster.yaml", script, begin=False)
    session = load(tmp_path / "cluster.yaml").session
    assert session
    assert (session.name, len(session.hosts), len(session.kafka)) == ("cluster", 13, 4)


@pytest.mark.parametrize("size", [(20, 5), (80, 24)])
def test_no_size_is_too_small(example: Example, size: tuple[int, int]) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("g", "tab", "shift+tab", "f2", "f2", "a", "e", "tab", "1", "escape", "enter", "escape")
        await paste(driven, THIRTEEN)
        await driven.press("down", "enter")
        await driven.pilot.resize_terminal(20, 5)
        await driven.press("p", "escape", "down", "enter", "x", "enter")

    drive(path, script, size)
    assert len(load(path).session.hosts) == 18  # type: ignore[union-attr]


def test_how_to_log_in_is_opened_by_a_key_and_closed_by_another(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("g")
        assert "Jump host" in driven.text()
        assert "esc Close" in driven.text()
        await driven.press("tab", "escape")
        assert "Jump host" not in driven.text()
        assert "esc Close" not in driven.text()
        await driven.press("down", "enter")  # the table has the focus again
        assert table(driven).is_editing

    drive(path, script)
    assert path.read_text() == before


def test_clicks_go_to_cells_and_edit_them(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        cells = driven.wizard.query_one("#hosts-table-cells")
        await driven.until(lambda: cells.region.height > 4)
        await driven.pilot.click(cells, offset=(8, 3))
        await driven.until(lambda: table(driven).row == "c")
        assert (table(driven).row, table(driven).column) == ("c", "address")
        assert not table(driven).is_editing
        await driven.pilot.click(cells, offset=(8, 3))
        await driven.until(lambda: table(driven).is_editing)
        await driven.pilot.click(cells, offset=(1, 1))
        await driven.until(lambda: table(driven).row == "a")
        assert (table(driven).row, table(driven).column) == ("a", "name")
        assert not table(driven).is_editing

    drive(path, script)


def test_the_step_says_what_does_without_a_screen() -> None:
    assert Hosts().headless(Path("lan4.yaml")) == "fabwiz replay lan4.yaml --until preflight"


def test_what_is_undone_while_a_cell_is_edited_is_seen_in_it(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_hosts(driven)
        await driven.press("enter", "9")
        await driven.until(lambda: driven.wizard.draft.get(("hosts", "a")) == "203.0.113.119")
        await driven.press("f7")
        assert driven.wizard.query_one(CellInput).value == "203.0.113.11"
        await driven.press("8", "enter")
        await driven.until(lambda: driven.wizard.draft.get(("hosts", "a")) == "203.0.113.118")
        await driven.settle()

    drive(path, script)
    assert "  a: 203.0.113.118\n" in path.read_text()
