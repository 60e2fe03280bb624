"""Puts the report into the workspace."""

from __future__ import annotations

from pathlib import Path

from fabwiz.report.facts import Facts
from fabwiz.report.markdown import markdown
from fabwiz.report.topology import topology_svg
from fabwiz.session.files import make_private_dir, write_atomic
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def report_files(workspace: Workspace) -> tuple[Path, Path]:
    """Where the report and the picture lie: `lan4.fabwiz/report.md` and `topology.svg`."""
    return workspace.root / "report.md", workspace.root / "topology.svg"


def write_report(network: Network, workspace: Workspace, facts: Facts) -> tuple[Path, Path]:
    """Write both, readable by their owner alone, in place of earlier ones. Raises OSError."""
    report, picture = report_files(workspace)
    make_private_dir(workspace.root)
    write_atomic(picture, topology_svg(network, facts.rehearsal))
    write_atomic(report, markdown(network, workspace, facts, picture.name))
    return report, picture
