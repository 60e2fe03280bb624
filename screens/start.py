"""Where everything begins: go on with a session, or begin one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fabwiz.deploy.standing import standing
from fabwiz.editing.recents import recents
from fabwiz.session import examples
from fabwiz.session.files import write_atomic
from fabwiz.session.findings import Edit
from fabwiz.session.workspace import Workspace
from screens.widgets.dialogs import Ask
from screens.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from screens.app import WizardApp

NEW = """\
fabwiz: 1
name: {name}
fabric: "1.4.12"
hosts: {{}}
zookeeper: {{}}
kafka: {{}}
orderers: {{}}
organizations: {{}}
channels: {{}}
chaincodes: {{}}
"""

ABOUT = """# fabwiz

From a list of machines to a running Hyperledger Fabric 1.x network with Kafka ordering.

You name the machines and say what runs where; fabwiz checks the rules while you type, makes keys and channel
artifacts on this workstation, sends each host only what it needs, starts everything in order over SSH, and proves
that it works. Nothing is changed on a host before you say *run*.

Everything you enter is kept in one session file, without secrets; you may quit or be cut off at any moment.
"""


class StartScreen(Screen[None]):
    """New, open, an example, a pasted table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("n", "new", "New"),
        Binding("o", "open", "Open"),
        Binding("p", "paste", "Paste"),
        Binding("ctrl+q,q", "app.quit", "Quit", key_display="q"),
    ]

    def __init__(self, session_file: Path | None = None) -> None:
        super().__init__()
        self._wanted = session_file

    def compose(self) -> ComposeResult:
        """A list to choose from."""
        with Vertical(id="start"):
            yield Static("fabwiz", id="start-title")
            yield Static("A Hyperledger Fabric network with Kafka ordering, on your machines.", id="start-lead")
            yield OptionList(id="start-list", compact=True)
        yield KeyBar()

    @property
    def wizard_app(self) -> WizardApp:
        """The app, with its own methods."""
        return cast("WizardApp", self.app)

    def on_screen_resume(self) -> None:
        """The list, with what was worked on since."""
        options = self.query_one(OptionList)
        kept = options.highlighted
        options.clear_options()
        if known := recents():
            options.add_options(Option(_recent(path), id=f"recent:{path}") for path in known)
            options.add_option(None)
        options.add_option(Option("New session", id="new"))
        options.add_option(Option("Open a session file", id="open"))
        options.add_options(Option(f"From the example {name}", id=f"example:{name}") for name in examples.names())
        options.add_option(Option("New session from a pasted table", id="paste"))
        options.highlighted = kept or 0
        options.focus()
        if self._wanted and not self._wanted.exists():
            wanted, self._wanted = self._wanted, None
            self._begin(wanted, None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what was chosen."""
        kind, _, what = (event.option.id or "").partition(":")
        if kind == "recent":
            self.wizard_app.open(Path(what))
        elif kind == "open":
            self.action_open()
        elif kind == "paste":
            self.action_paste()
        else:
            self._ask_where(what if kind == "example" else None)

    def action_new(self) -> None:
        """Begin with nothing."""
        self._ask_where(None)

    def action_open(self) -> None:
        """A file by its name."""
        self.app.push_screen(Ask("Which session file?", title="Open"), self._open)

    def _open(self, text: str | None) -> None:
        if text:
            self.wizard_app.open(Path(text).expanduser())

    def action_paste(self) -> None:
        """Begin with a table of hosts."""
        from screens.widgets.paste import PasteText

        self.app.push_screen(PasteText(), self._preview)

    def on_paste(self, event: Paste) -> None:
        """A table that is pasted right here begins a session, too."""
        from screens.widgets.editable_grid import is_table

        if is_table(event.text):
            event.stop()
            self._preview(event.text)

    def _preview(self, text: str | None) -> None:
        from screens.widgets.paste import PastePreview

        if text:
            self.app.push_screen(
                PastePreview(text), lambda taken: self._ask_where(None, taken.edits) if taken else None
            )

    def _ask_where(self, example: str | None, edits: Sequence[Edit] = ()) -> None:
        self.app.push_screen(
            Ask(
                "Where is the session to be kept? Its keys and artifacts will lie beside it.",
                f"{example or 'network'}.yaml",
                title="New session",
            ),
            lambda text: self._begin(Path(text).expanduser(), example, edits) if text and text.strip() else None,
        )

    def _begin(self, path: Path, example: str | None, edits: Sequence[Edit] = ()) -> None:
        from fabwiz.session.document import Document

        if path.suffix not in (".yaml", ".yml"):
            path = path.with_name(path.name + ".yaml")
        if path.exists():
            self.notify(f"{path} exists already: open it, or take another name", severity="error", markup=False)
            return
        name = "".join(c for c in path.stem.lower() if c.isascii() and c.isalnum()) or "network"
        try:
            text = examples.text(example) if example else NEW.format(name=name)
            write_atomic(path, Document.from_text(text).edit(edits).text if edits else text)
        except OSError as error:
            self.notify(
                f"{path}: {error.strerror or error}; take a folder in which you may write",
                severity="error",
                markup=False,
            )
            return
        self.wizard_app.open(path)

    def action_help(self) -> None:
        """What this is."""
        from screens.widgets.reading import Reading

        self.app.push_screen(Reading(ABOUT, "fabwiz"))


def _recent(path: Path) -> Text:
    state = standing(Workspace(path).journal)
    return Text.assemble(f"Go on with {path.name}", (f"  {state}", "dim"), (f"  in {_short(path.parent)}", "dim"))


def _short(folder: Path) -> str:
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        return str(folder)
