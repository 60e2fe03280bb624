"""The step itself: four looks at what is about to happen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static, TabbedContent, TabPane

from fabwiz.editing.consequences import sentences
from fabwiz.editing.draft import Settled
from fabwiz.session.network import Network
from fabwiz.session.picture import picture
from screens.marks import ASCII, marks
from screens.step import Step
from screens.steps.review.planner import Planned, Planner
from screens.steps.review.trees import HostTree, PlanTree
from screens.telling import tell
from screens.widgets.dialogs import Ask

TABS = ("ready", "hosts", "plan", "topology")


class Review(Step):
    """Ready or not; what each host gets; the plan; the topology."""

    KEY = "review"
    TITLE = "Review"
    HELP = """# Review

Nothing has been changed on any host so far. Here you see what is about to happen:

- **Ready?** - what must still be mended, and what the network would lose with each host.
- **Hosts** - every file that each host gets. Private keys are marked: a host gets those of its own nodes and no
  others; keys of CAs and administrators stay on this workstation.
- **Plan** - what a run does, phase by phase: files, commands, calls, and what is waited for as evidence.
- **Topology** - hosts, and what runs on them.

The keys 1 to 4 change between them. `s` saves a copy of the session under another name.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab('{tab}')", tab.capitalize(), show=False) for number, tab in enumerate(TABS, 1)),
        Binding("1", "tab('ready')", "Looks", key_display="1-4"),
        Binding("s", "save_copy", "Save a copy"),
    ]

    class PlannedNow(Message):
        """A plan is there."""

        def __init__(self, planned: Planned) -> None:
            super().__init__()
            self.planned = planned

    def compose(self) -> ComposeResult:
        """Four looks."""
        with TabbedContent(initial="ready"):
            with TabPane("1 Ready?", id="ready"), VerticalScroll(id="review-ready-scroll", can_focus=True):
                yield Static("", id="review-ready", markup=False)
            with TabPane("2 Hosts", id="hosts"):
                yield HostTree()
            with TabPane("3 Plan", id="plan"):
                yield PlanTree()
            with TabPane("4 Topology", id="topology"), VerticalScroll(id="review-picture-scroll", can_focus=True):
                yield Static("", id="review-picture", markup=False)

    def on_mount(self) -> None:
        """No plan yet."""
        self._planner = Planner(lambda planned: tell(self, self.PlannedNow(planned)))
        self._asked: Network | None = None
        self._drawn: tuple[Settled, int] | None = None

    def judge(self, settled: Settled) -> None:
        """Draw all anew where the session has changed, and plan."""
        super().judge(settled)
        width = max(self.size.width - 4, 28)
        if self._drawn and self._drawn[0] is settled and self._drawn[1] == width:
            return
        self._drawn = (settled, width)
        self.query_one("#review-ready", Static).update(_ready(settled))
        network = settled.network
        if network is None:
            return
        lines = picture(network, width, marks() is ASCII)
        self.query_one("#review-picture", Static).update("\n".join(lines))
        if network is not self._asked and settled.valid:
            self._asked = network
            self._planner.ask(network)

    def on_resize(self) -> None:
        """The picture follows the width."""
        self.judge(self.draft.settled)

    @on(PlannedNow)
    def _planned(self, event: PlannedNow) -> None:
        if event.planned.network is not self._asked:
            return
        if event.planned.problem:
            self.notify(event.planned.problem, severity="error", markup=False)
        self.query_one(HostTree).fill(event.planned.phases)
        self.query_one(PlanTree).fill(event.planned.phases)

    def action_tab(self, tab: str) -> None:
        """Another look."""
        self.query_one(TabbedContent).active = tab
        inner = {
            "ready": "#review-ready-scroll",
            "hosts": "#review-hosts",
            "plan": "#review-plan",
            "topology": "#review-picture-scroll",
        }
        self.query_one(inner[tab]).focus()

    def focus_first(self) -> None:
        """What is shown."""
        self.action_tab(self.query_one(TabbedContent).active or "ready")

    def action_save_copy(self) -> None:
        """The session under another name; this one stays open."""
        path = self.draft.path
        suggestion = f"{path.stem}-copy.yaml" if path else "session.yaml"
        self.app.push_screen(Ask("Save a copy of the session as", suggestion, title="Save a copy"), self._save_copy)

    def _save_copy(self, answer: str | None) -> None:
        if not answer or not answer.strip():
            return
        target = Path(answer.strip()).expanduser()
        if target.exists():
            self.notify(f"{target} exists already; take another name", severity="error", markup=False)
            return
        try:
            self.draft.settle().document.save(target)
        except OSError as error:
            self.notify(f"{target}: {error.strerror or error}", severity="error", markup=False)
        else:
            self.notify(f"saved as {target}", markup=False)

    def headless(self, session_file: Path) -> str:
        """The plan."""
        return f"fabwiz plan {session_file.name}"


def _ready(settled: Settled) -> Text:
    signs, text = marks(), Text()
    errors = sum(finding.blocks for finding in settled.findings)
    warnings = len(settled.findings) - errors
    if errors:
        text.append(
            f"{signs.error} Not ready: {errors} {'error' if errors == 1 else 'errors'} to mend first.", "bold red"
        )
        text.append(" F2 reads them.\n\n")
    elif settled.valid:
        text.append(f"{signs.done} Ready to run.", "bold green")
        text.append(f" {_count(warnings, 'warning')}.\n\n" if warnings else "\n\n")
    network = settled.network
    if network is None:
        return text
    has = [
        _count(len(network.hosts), "host"),
        _count(len(network.zookeeper), "ZooKeeper server"),
        _count(len(network.kafka), "broker"),
        _count(len(network.orderers), "orderer"),
        f"{_count(len(network.peers), 'peer')} of {_count(len(network.organizations), 'organization')}",
        _count(len(network.channels), "channel"),
        _count(len(network.chaincodes), "chaincode"),
    ]
    text.append(f"{network.name}: Fabric {network.session.fabric}, {', '.join(has)}\n\n")
    if losses := sentences(network):
        text.append("If a host is lost:\n", "bold")
    for one in losses:
        text.append(f"  {one.text}\n", "" if one.harmless else "yellow")
    return text


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
