"""What can be taken along from the review: the session, the plan, the picture; each into a file of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fabwiz.session.files import write_atomic
from screens.step import Step
from screens.steps.asking import ask, pick

if TYPE_CHECKING:
    from fabwiz.deploy.plan import PlannedPhase
    from fabwiz.session.network import Network


@dataclass(frozen=True, slots=True)
class Export:
    """Something that a file can be made of. `name` follows the session's; `text` is called when it is wanted."""

    title: str
    name: str
    text: Callable[[], str]


def plans(network: Network, phases: tuple[PlannedPhase, ...]) -> dict[str, Export]:
    """The plan and the picture of a network."""
    from fabwiz.deploy.plan_text import plan_json, plan_markdown
    from fabwiz.report.topology import topology_svg

    return {
        "markdown": Export("The plan, to read (Markdown)", "-plan.md", lambda: plan_markdown(network, phases)),
        "json": Export("The plan, for programs (JSON)", "-plan.json", lambda: plan_json(phases)),
        "svg": Export("The topology (SVG)", "-topology.svg", lambda: topology_svg(network)),
    }


def session_copy(step: Step) -> Export:
    """The session file as it is, comments and all."""
    return Export("The session (YAML)", "-copy.yaml", lambda: step.draft.settle().document.text)


def choose(step: Step, exports: dict[str, Export]) -> None:
    """Ask what to export, then where to."""
    choices = [(key, one.title) for key, one in exports.items()]
    pick(step, "What is to be exported?", choices, lambda key: save(step, exports[key]), title="Export")


def save(step: Step, export: Export) -> None:
    """Ask for a file, and write it: whole or not at all, for its owner alone, and over nothing that is there."""
    stem = step.draft.path.stem if step.draft.path else "session"
    ask(
        step,
        f"{export.title}: into which file?",
        f"{stem}{export.name}",
        "Export",
        lambda answer: _write(step, export, Path(answer).expanduser()),
    )


def _write(step: Step, export: Export, path: Path) -> None:
    if path.exists():
        step.notify(f"{path} exists already; take another name", severity="error", markup=False)
        return
    try:
        write_atomic(path, export.text())
    except OSError as error:
        step.notify(f"{path}: {error.strerror or error}", severity="error", markup=False)
    else:
        step.notify(f"saved as {path}", markup=False)
