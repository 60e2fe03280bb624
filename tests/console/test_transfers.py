"""How far a transfer is, in each face."""

from __future__ import annotations

import io
import json

from rich.console import Console

from fabwiz.console.live import LiveProgress
from fabwiz.console.plain import JsonLines, PlainLines
from fabwiz.deploy.events import Emitter, Kind, Status

SAID = "hyperledger/fabric-peer:1.4.12: 120 MB of 310 MB, 5.2 MB/s"


def tell(emit: Emitter) -> None:
    emit(Kind.PHASE, phase="images", status=Status.STARTED, message="fetch images")
    emit(Kind.STEP, phase="images", step="images", host="a", status=Status.STARTED, message="have 4 images")
    emit(Kind.LOG, phase="images", host="a", message=SAID, bytes=120_000_000, total=310_000_000)


def test_a_terminal_shows_it_in_the_hosts_row() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    face = LiveProgress(Console(file=file, width=120, force_terminal=True, highlight=False))
    tell(Emitter(face))
    face.close()

    shown = file.buffer.getvalue().decode()
    assert SAID in shown


def test_pipes_get_a_line_and_scripts_get_figures() -> None:
    plain, scripts = io.StringIO(), io.StringIO()
    tell(Emitter(PlainLines(plain), JsonLines(scripts)))

    assert plain.getvalue().splitlines()[-1].endswith(f"images a: {SAID}")
    event = json.loads(scripts.getvalue().splitlines()[-1])
    assert (event["event"], event["host"], event["bytes"], event["total"]) == ("log", "a", 120_000_000, 310_000_000)
