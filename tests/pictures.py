"""Makes the README's pictures from the real program: `python -m tests.pictures` rewrites assets/*.svg."""

from __future__ import annotations

import asyncio
import io
import os
import re
import tempfile
from pathlib import Path

from rich.console import Console

from fabwiz.console.live import LiveProgress
from fabwiz.deploy.events import Emitter
from fabwiz.deploy.replay import prepare, replay
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.document import Document
from fabwiz.session.examples import text
from fabwiz.session.network import Network
from screens.app import WizardApp
from screens.wizard import WizardScreen

ASSETS = Path(__file__).parent.parent / "assets"
SIZE = (110, 34)
SMALL = (110, 26)
"""For what needs less room."""


def main() -> None:
    """All of them."""
    demo()
    asyncio.run(wizard())


async def wizard() -> None:
    """Two steps of the wizard: what runs where, and a run, on rehearsal hosts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        path = Path(folder) / "lan4.yaml"
        path.write_text(text("four-lan-hosts"), encoding="utf-8")
        app = WizardApp(path)
        async with app.run_test(size=SMALL) as pilot:
            while not (isinstance(app.screen, WizardScreen) and app.screen.query("Basics")):
                await pilot.pause(0.1)
            await pilot.pause(1)
            await app.screen.go_to("roles")
            await pilot.pause(1)
            picture("wizard-roles", app)
            await pilot.resize_terminal(*SIZE)
            await app.screen.go_to("run")
            await pilot.press("enter")
            while "changes made (" not in app.export_screenshot().replace("&#160;", " "):
                await pilot.pause(0.5)
            await pilot.pause(1)
            picture("wizard-run", app)


def picture(name: str, app: WizardApp) -> None:
    """What the app shows now."""
    write(name, app.export_screenshot(title="fabwiz"))


def write(name: str, svg: str) -> None:
    """Without fonts from the network: whoever looks at a README fetches nothing."""
    (ASSETS / f"{name}.svg").write_text(re.sub(r"@font-face \{.*?\}\n?", "", svg, flags=re.DOTALL), encoding="utf-8")


def demo() -> None:
    """Rehearse the four-host session and draw what an operator sees at the end."""
    session = Document.from_text(text("four-lan-hosts")).session
    assert session
    console = Console(record=True, width=100, file=io.StringIO(), highlight=False)
    console.print("[bold green]$[/] fabwiz demo")
    with tempfile.TemporaryDirectory() as folder, Rehearsal(session, Path(folder) / "hosts") as hosts:
        console.print(f"rehearsal of four-lan-hosts: {len(session.hosts)} hosts on this machine, nothing leaves it")
        network = Network(hosts.session)
        options = RemoteOptions(known_hosts=hosts.known_hosts, user_known_hosts=None, default_keys=False)
        face = LiveProgress(console)
        pool = Pool(network, options, HeadlessAsker())
        run = prepare(network, Path(folder) / "lan4.yaml", pool, Emitter(face), rehearsal=True)
        try:
            assert not replay(run).failures
        finally:
            run.close()
            face.close()
    write("demo", console.export_svg(title="fabwiz"))


if __name__ == "__main__":
    main()
