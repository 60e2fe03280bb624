"""The machines: a table to type or paste them into, how they are logged in to, and a test of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from fabwiz.deploy.host_report import HostReport, Stage
from fabwiz.editing import hosts
from fabwiz.editing.draft import Settled
from fabwiz.editing.placing import mapping
from fabwiz.session.findings import SessionPath
from screens.step import Step
from screens.steps.engine_news import AskedNow, pass_question
from screens.steps.hosts.report_cells import line
from screens.steps.hosts.table import HostsTable
from screens.steps.hosts.ways_dialog import WaysDialog
from screens.telling import tell
from screens.widgets.field import Field
from screens.widgets.grid import NAME
from screens.widgets.paste import PastePreview, PasteText, Taken

if TYPE_CHECKING:
    from fabwiz.deploy.host_test import HostTest
    from fabwiz.remote.relay import RelayAsker


class Hosts(Step):
    """Lists the machines and tries them out."""

    KEY = "hosts"
    TITLE = "Hosts"
    HELP = """# Hosts: the machines

List the machines that the network is to run on: a short **name** that you choose, and the **address** that the other
machines reach it by. Any Linux machine with Docker and Compose will do; a network that bears the loss of one machine
needs at least four.

fabwiz logs in over SSH, as `ssh` would: with your keys, an agent, or a password that is asked for and never kept. What
is the same for all machines goes into **Log in** (`g`); a cell of the table says what differs for one. Dim texts are
what holds if you say nothing.

You may **paste** a table from wherever you have it, with several lines at once, anywhere into the table (or press
`p`): CSV, TSV, Markdown, `/etc/hosts`, an Ansible inventory, or one address a line. You see what was understood before
anything is added. Passwords in it are recognized and not kept.

**`t` tests** the machine under the cursor, `T` all of them: reach it, compare its key, log in, look for Docker,
Compose, disk, memory, the clock, ports that are in use, and whether it gets through to the ports that its nodes need on
the other machines. Nothing is changed on them.

| key | does |
|---|---|
| arrows | to another cell |
| Enter, a digit, a click | type into the cell: Enter takes it, Tab goes on, Escape leaves it as it was |
| `a`, Insert | add a host |
| `r` | rename it; what is placed on it follows |
| `d`, Delete | remove it |
| `l` | it is this very machine, and needs no SSH; or not |
| `g` | how to log in to all of them; Escape closes it |
| `p` | paste a table |
| `t`, `T` | test it, test all; Escape ends the test |
| `w` | after a test: which host gets through to which, and what to open |
"""
    CLAIMS: ClassVar[tuple[str, ...]] = ("hosts", "ssh")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "Test"),
        Binding("T", "test_all", "Test all", key_display="T"),
        Binding("w", "ways", "Ways"),
        Binding("p", "paste", "Paste"),
        Binding("g", "login", "Log in"),
        Binding("l", "local", "Local"),
        Binding("escape", "close_login", "Close"),
        Binding("escape", "end_test", "End the test", show=False),
    ]

    class Reported(Message):
        """More is known about a host."""

        def __init__(self, report: HostReport) -> None:
            super().__init__()
            self.report = report

    class Ended(Message):
        """The test is over."""

    def __init__(self) -> None:
        super().__init__()
        self.reports: dict[str, HostReport] = {}
        """What tests have found, by host."""
        self._test: HostTest | None = None
        self._asker: RelayAsker | None = None
        self._table = HostsTable(self)
        self._to_draw = False

    def compose(self) -> ComposeResult:
        """How to log in, the table, and a line about the host under the cursor."""
        yield Static("", id="hosts-login", markup=False)
        with Vertical(id="hosts-ssh"):
            yield Field(("ssh", "user"), "User")
            yield Field(("ssh", "key"), "Key file")
            yield Field(("ssh", "agent"), "Agent")
            yield Field(("ssh", "port"), "Port")
            yield Field(("ssh", "password"), "Password")
            yield Field(("ssh", "sudo"), "Sudo")
            yield Field(("ssh", "jump"), "Jump host")
            yield Field(("ssh", "connect_timeout"), "Wait at most")
        yield self._table
        yield Static("", id="hosts-about", markup=False)

    def show(self) -> None:
        """Every host as the draft has it."""
        super().show()
        self._table.draw(self.reports)
        ssh = mapping(self.draft.data, "ssh")
        said = [f"as {ssh.get('user') or 'yourself'}"]
        said.append(f"with {ssh['key']}" if ssh.get("key") else "with your keys")
        if ssh.get("password"):
            said.append("or a password that is asked for")
        if ssh.get("port"):
            said.append(f"on port {ssh['port']}")
        if ssh.get("jump"):
            said.append(f"through {ssh['jump']}")
        self.query_one("#hosts-login", Static).update(f"Logs in {' '.join(said)} (g changes it)")

    def judge(self, settled: Settled) -> None:
        """Findings at their cells."""
        super().judge(settled)
        self._table.judge(settled.findings)
        self._about()

    def reveal(self, path: SessionPath) -> None:
        """To the cell, or to the setting for all hosts."""
        if path[0] == "ssh":
            self._show_login(True)
            super().reveal(path)
        else:
            place = hosts.place_of(path)
            self._table.put(place[0] if place else None, (place[1] or NAME) if place else None)

    def focus_first(self) -> None:
        """To the table."""
        self._table.put()

    def headless(self, session_file: Path) -> str:
        """Looking at the hosts is the first phase that reaches them."""
        return f"fabwiz replay {session_file.name} --until preflight"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No commands while a cell is edited: their letters are typed."""
        del parameters
        if action == "close_login":
            return self.query_one("#hosts-ssh").has_focus_within
        if action == "ways" and not any(report.ways for report in self.reports.values()):
            return False
        return not (self._table.is_editing and action in ("test", "test_all", "ways", "paste", "login", "local"))

    # -- the host under the cursor -------------------------------------------------------------------------------

    @on(HostsTable.Moved)
    def _moved(self, event: HostsTable.Moved) -> None:
        event.stop()
        self._about()

    def _about(self) -> None:
        self.wizard.show_hint()
        row = self._table.row
        report = self.reports.get(row or "")
        text = line(report) if report else ""
        if not report and row is not None and mapping(self.draft.data, "hosts"):
            text = "t tests this host, T all of them: login, Docker, Compose, disk, memory, clock, ports, ways"
        self.query_one("#hosts-about", Static).update(text)

    def action_ways(self) -> None:
        """Which host gets through to which."""
        self.app.push_screen(WaysDialog(self.reports))

    def action_local(self) -> None:
        """This machine, or one over SSH."""
        row = self._table.row
        if row is not None:
            setting = hosts.BY_KEY["transport"]
            here = hosts.said(self.draft.data, row, setting).text == "local"
            title = f"{row} is reached over SSH" if here else f"{row} is this machine"
            self.change(title, hosts.say(self.draft.data, row, setting, "ssh" if here else "local"))

    def action_login(self) -> None:
        """Show how all hosts are logged in to, or hide it."""
        shown = self.query_one("#hosts-ssh").display
        focused = self.query_one("#hosts-ssh").has_focus_within
        if shown and not focused:
            self._show_login(True)
            self.query_one("#hosts-ssh").query_one(Field).focus_inside()
        else:
            self._show_login(not shown)
            if shown:
                self.focus_first()
            else:
                self.query_one("#hosts-ssh").query_one(Field).focus_inside()

    def action_close_login(self) -> None:
        """Back to the table; letters are typed here, and `g` is one."""
        self._show_login(False)
        self.focus_first()

    def _show_login(self, shown: bool) -> None:
        self.set_class(shown, "-login")

    # -- pasting -------------------------------------------------------------------------------------------------

    def action_paste(self) -> None:
        """A place to paste into."""
        self.app.push_screen(PasteText(), self._preview)

    @on(HostsTable.Pasted)
    def _pasted(self, event: HostsTable.Pasted) -> None:
        event.stop()
        self._preview(event.text)

    def _preview(self, text: str | None) -> None:
        if text:
            self.app.push_screen(PastePreview(text, self.draft.data), self._take)

    def _take(self, taken: Taken | None) -> None:
        if taken and self.change(f"add {taken.hosts} pasted hosts", taken.edits):
            nodes = f" and {taken.nodes} nodes" if taken.nodes else ""
            self.notify(f"added {taken.hosts} hosts{nodes} (F7 takes it back)", timeout=4)

    # -- testing -------------------------------------------------------------------------------------------------

    @property
    def is_testing(self) -> bool:
        """Whether a test runs."""
        return self._test is not None

    def action_test(self) -> None:
        """Test the host under the cursor."""
        if self._table.row is not None:
            self._try([self._table.row])

    def action_test_all(self) -> None:
        """Test all hosts."""
        self._try(mapping(self.draft.data, "hosts"))

    def _try(self, names: Iterable[str]) -> None:
        from fabwiz.deploy.host_test import HostTest
        from fabwiz.remote.options import RemoteOptions
        from fabwiz.remote.relay import RelayAsker

        if self._test:
            self.notify("a test is running; Escape ends it", timeout=2)
            return
        network = self.draft.settle().network
        known = [name for name in names if network and name in network.hosts]
        if not network or not known:
            self.notify("there is no host to test yet", timeout=2)
            return
        for name in known:
            self.reports.pop(name, None)
        path = self.draft.path
        options = RemoteOptions(base=path.absolute().parent) if path else RemoteOptions()
        self._asker = RelayAsker(lambda asked: pass_question(self, asked))
        self._test = HostTest(
            network,
            known,
            options,
            self._asker,
            lambda report: tell(self, self.Reported(report)),
            lambda: tell(self, self.Ended()),
        )

    @on(Reported)
    def _reported(self, event: Reported) -> None:
        event.stop()
        if self._test:
            self.reports[event.report.host] = event.report
            if not self._to_draw:
                # many hosts come in together; they are drawn together
                self._to_draw = True
                self.set_timer(0.05, self._draw_reports)

    def _draw_reports(self) -> None:
        self._to_draw = False
        self._table.draw(self.reports)
        self._about()

    @on(AskedNow)
    def _asked(self, event: AskedNow) -> None:
        from screens.widgets.answering import answer

        event.stop()
        answer(self.wizard.app, event.asked)

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        event.stop()
        self._test = self._asker = None
        for name, report in list(self.reports.items()):
            if report.stage is not Stage.DONE:
                del self.reports[name]  # it was ended before
        self._draw_reports()
        self.refresh_bindings()
        if blocked := [name for name, report in self.reports.items() if report.blocked]:
            self.notify(
                f"{', '.join(blocked[:5])}{' and others' if len(blocked) > 5 else ''} cannot get through to all ports "
                "that they need of other hosts (w shows which)",
                severity="warning",
                timeout=8,
                markup=False,
            )

    def action_end_test(self) -> None:
        """End a test that runs."""
        if self._test and self._asker:
            self._asker.close()
            self._test.stop()
            self.notify("the test ends", timeout=2)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        if self._test and self._asker:
            self._asker.close()
            self._test.stop()
