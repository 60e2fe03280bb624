"""The same events for people at a terminal, for pipes, and for scripts."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import Any

import pytest
from rich.console import Console

from fabwiz.console.choose import Face
from fabwiz.console.live import LiveProgress
from fabwiz.console.plain import JsonLines, PlainLines
from fabwiz.deploy.events import Emitter, Kind, Status
from fabwiz.remote.sanitize import clean

STORY: list[tuple[Kind, dict[str, Any]]] = [
    (Kind.PHASE, {"phase": "kafka", "status": Status.STARTED, "message": "start Kafka"}),
    (Kind.STEP, {"phase": "kafka", "step": "containers", "host": "a", "status": Status.STARTED, "message": "start it"}),
    (Kind.LOG, {"host": "a", "node": "kafka1", "message": "[KafkaServer id=1] started"}),
    (Kind.STEP, {"phase": "kafka", "step": "containers", "host": "a", "status": Status.DONE, "seconds": 1.25,
                 "message": "started kafka1"}),
    (Kind.STEP, {"phase": "kafka", "step": "brokers", "status": Status.STARTED, "message": "all brokers"}),
    (Kind.STEP, {"phase": "kafka", "step": "brokers", "status": Status.FAILED, "seconds": 3.0,
                 "message": "not registered: kafka4 (4)", "cause": "its id is taken", "remedy": "give it another"}),
    (Kind.PHASE, {"phase": "kafka", "status": Status.FAILED, "seconds": 4.5, "message": "kafka4 is missing"}),
    (Kind.SUMMARY, {"status": Status.FAILED, "message": "lan4: kafka failed"}),
]  # fmt: skip


def tell(face: Face) -> None:
    emit = Emitter(face)
    for kind, values in STORY:
        emit(kind, **values)
    face.close()


def live(width: int = 100, encoding: str = "utf-8", **options: bool) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    face = LiveProgress(Console(file=file, width=width, force_terminal=True, highlight=False), **options)
    tell(face)
    return file.buffer.getvalue().decode(encoding)


def test_scripts_get_every_event_as_one_object_a_line() -> None:
    out = io.StringIO()
    tell(JsonLines(out))

    events = [json.loads(line) for line in out.getvalue().splitlines()]

    assert [event["event"] for event in events] == [str(kind) for kind, _ in STORY]
    assert all(event["time"].endswith("Z") for event in events)
    assert events[5]["remedy"] == "give it another"
    assert "node" not in events[0]


def test_pipes_get_plain_lines_with_cause_and_remedy() -> None:
    out = io.StringIO()
    tell(PlainLines(out))

    assert "\x1b" not in out.getvalue()
    assert "kafka a: done, 1.2 s: started kafka1" in out.getvalue()
    assert "cause: its id is taken" in out.getvalue()
    assert "KafkaServer" not in out.getvalue()


def test_the_containers_own_lines_are_shown_when_asked_for() -> None:
    out = io.StringIO()
    tell(PlainLines(out, logs=True))

    assert "[KafkaServer id=1] started" in out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_terminal_keeps_a_line_for_each_phase_and_each_failure(width: int) -> None:
    shown = clean(live(width))

    assert "✘ kafka" in shown
    assert "not registered" in shown
    assert "remedy:" in shown
    assert "lan4: kafka failed" in shown


def test_a_terminal_tells_which_node_a_step_is_about() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    face = LiveProgress(Console(file=file, width=100, force_terminal=True, highlight=False))
    emit = Emitter(face)
    emit(Kind.PHASE, phase="chaincode", status=Status.STARTED, message="start the chaincode")
    for host, node in (("a", "peer0.org1.example.com"), ("a", "peer1.org1.example.com")):
        emit(
            Kind.STEP, phase="chaincode", step="install", host=host, node=node, status=Status.STARTED,
            message="install mycc 1.0",
        )  # fmt: skip
    named = {"host": "a", "node": "zk1", "message": "start zk1"}
    emit(Kind.STEP, phase="chaincode", step="x", status=Status.STARTED, **named)
    time.sleep(0.4)  # it draws eight times a second
    face.close()

    shown = clean(file.buffer.getvalue().decode())
    assert "a peer0.org1.example.com install mycc 1.0" in shown
    assert "a peer1.org1.example.com install mycc 1.0" in shown
    assert "a zk1 start zk1" not in " ".join(shown.split())


def test_a_terminal_without_unicode_gets_ascii() -> None:
    assert live(encoding="ascii").isascii()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    shown = live()

    assert "\x1b[31m" not in shown
    assert "\x1b[1;31m" not in shown


def test_events_from_many_threads_do_not_mix() -> None:
    out = io.StringIO()
    emit = Emitter(JsonLines(out))

    def talk(host: str) -> None:
        for _ in range(50):
            emit(Kind.LOG, host=host, message="x" * 200)

    threads = [threading.Thread(target=talk, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([json.loads(line) for line in out.getvalue().splitlines()]) == 400


def test_what_a_dry_run_leaves_out_is_not_called_done_or_ok() -> None:
    out = io.StringIO()
    emit = Emitter(PlainLines(out))
    emit(Kind.STEP, phase="kafka", host="a", status=Status.SKIPPED, seconds=0.1, message="would: start kafka1")
    emit(Kind.STEP, phase="kafka", host="a", status=Status.SKIPPED, seconds=0.1, message="kafka1: running")

    assert [line.partition("   ")[2] for line in out.getvalue().splitlines()] == [
        "kafka a: would: start kafka1",
        "kafka a: ok, 0.1 s: kafka1: running",
    ]


def test_what_a_host_says_in_several_lines_passes_for_no_line_of_ours() -> None:
    file = io.StringIO()
    emit = Emitter(PlainLines(file))
    emit(Kind.STEP, phase="zookeeper", host="a", status=Status.FAILED, message="no\u202812:00:00 net works\n12:00:00 x")
    emit(Kind.SUMMARY, status=Status.FAILED, message="net: [bold]failed[/bold]\n12:00:00 net works", remedy="a\nb")
    lines = file.getvalue().splitlines()
    assert [line for line in lines if "net works" in line and not line.startswith("      ")] == []
    assert "[bold]failed[/bold]" in file.getvalue()
