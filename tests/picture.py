"""Makes the README's picture from the real program: `python tests/picture.py` rewrites assets/demo.svg."""

from __future__ import annotations

import io
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

PICTURE = Path(__file__).parent.parent / "assets" / "demo.svg"


def main() -> None:
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
    PICTURE.write_text(console.export_svg(title="fabwiz"), encoding="utf-8")


if __name__ == "__main__":
    main()
