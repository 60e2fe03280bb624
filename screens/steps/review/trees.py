"""Plans as trees: what each host gets, and what happens phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from screens.marks import marks

if TYPE_CHECKING:
    from fabwiz.deploy.plan import PlannedPhase, PlannedStep
    from fabwiz.deploy.step import Action


class HostTree(Tree[Any]):
    """Host -> folder -> file; private keys are marked. Folders fill when they are opened."""

    hint = "what each host gets: enter opens a folder; private keys are marked"

    def __init__(self) -> None:
        super().__init__("hosts", id="review-hosts")
        self.show_root = False
        self.guide_depth = 2

    def fill(self, phases: Sequence[PlannedPhase]) -> None:
        """The files of the distribute phase."""
        self.clear()
        for phase in phases:
            if phase.phase == "distribute":
                for step in phase.steps:
                    files = [action for action in step.actions if action.kind == "file"]
                    private = sum(action.private for action in files)
                    label = Text.assemble((step.host or "", "bold"), (f"  {len(files)} files", "dim"))
                    if private:
                        label.append(f", {private} {marks().key} private", "yellow")
                    self.root.add(label, data=_folders(files))
        self.cursor_line = 0

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Any]) -> None:
        """Fill a folder when it is first opened."""
        if not event.node.children and isinstance(event.node.data, dict):
            _fill_folder(event.node, event.node.data)


class PlanTree(Tree[Any]):
    """Phase -> step -> action. Phases fill when they are opened."""

    hint = "what a run does, in this order: enter opens a phase"

    def __init__(self) -> None:
        super().__init__("plan", id="review-plan")
        self.show_root = False
        self.guide_depth = 2

    def fill(self, phases: Sequence[PlannedPhase]) -> None:
        """All phases, closed."""
        self.clear()
        for phase in phases:
            label = Text.assemble((f"{phase.phase}  ", "bold"), phase.title)
            self.root.add(label, data=phase)
        self.cursor_line = 0

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Any]) -> None:
        """Fill a phase or a step when it is first opened."""
        node = event.node
        if node.children or node.data is None:
            return
        if hasattr(node.data, "steps"):
            node.add_leaf(Text(node.data.why, "dim italic"))
            for step in node.data.steps:
                node.add(_step(step), data=step)
        else:
            for action in node.data.actions:
                node.add_leaf(_action(action))


def _step(step: PlannedStep) -> Text:
    return Text.assemble((f"{step.host or 'workstation'}: ", "cyan"), step.title)


def _action(action: Action) -> Text:
    text = Text.assemble((f"{action.kind:<8}", "dim"), action.text)
    if action.private:
        text.append(f"  {marks().key} private", "yellow")
    return text


def _folders(files: Sequence[Action]) -> dict[str, Any]:
    """Nested folders; a file is its action."""
    paths = [action.text.split(" (")[0].split("/") for action in files]
    shared = 0
    if paths:
        shortest = min(len(path) for path in paths) - 1
        shared = next((i for i in range(shortest) if len({path[i] for path in paths}) > 1), shortest)
    root: dict[str, Any] = {}
    for action, path in zip(files, paths, strict=True):
        folder = root
        for part in path[shared:-1]:
            folder = folder.setdefault(part, {})
        folder[path[-1]] = action
    return {"/".join(paths[0][:shared]) or "/": root} if paths else {}


def _fill_folder(node: TreeNode[Any], folder: dict[str, Any]) -> None:
    for name, content in folder.items():
        if isinstance(content, dict):
            label = Text(f"{name}/")
            if private := _private(content):
                label.append(f"  {private} {marks().key}", "yellow")
            child = node.add(label, data=content)
            if len(folder) == 1:
                child.expand()
        else:
            mode = content.text.rpartition(" (")[2].rstrip(")")
            label = Text.assemble(name, (f"  {mode}", "dim"))
            if content.private:
                label.append(f"  {marks().key} private key", "yellow")
            node.add_leaf(label)


def _private(folder: dict[str, Any]) -> int:
    return sum(_private(one) if isinstance(one, dict) else one.private for one in folder.values())
