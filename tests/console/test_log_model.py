"""The log of a run: what becomes lines, what shows, what is found, what makes room."""

from __future__ import annotations

import pytest

from fabwiz.console.log_lines import Level, level_of, lines_of
from fabwiz.console.log_model import LogFilter, LogModel
from fabwiz.deploy.events import Event, Kind, Status

TIME = "2026-01-31T12:00:00.123Z"


def said(text: str, node: str | None = "kafka1", host: str | None = "a") -> Event:
    return Event(TIME, Kind.LOG, host=host, node=node, message=text)


def model_of(*events: Event, most_lines: int = 1000, most_bytes: int = 1 << 20) -> LogModel:
    model = LogModel(most_lines, most_bytes)
    for event in events:
        model.add(event)
        model.take()
    return model


def texts(model: LogModel) -> list[str]:
    return [line.text for line in model.lines(model.first, model.end)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2018-01-01 12:00:00.000 UTC [orderer/main] main -> INFO 001 Starting", Level.INFO),
        ("2018-01-01 12:00:00.000 UTC [msp] Validate -> DEBU 0a1 ERROR is only a word here", Level.DEBUG),
        ("\t2018-01-01 12:00:00.000 UTC [gossip] x -> WARN 002 far away", Level.WARNING),
        ("2018-01-01 12:00:00.000 UTC [orderer/kafka] y -> ERRO 003 not enough replicas", Level.ERROR),
        ("[2018-01-01 12:00:00,000] WARN [Broker 1] fetch (kafka.server)", Level.WARNING),
        ("2018-01-01 12:00:00,000 [myid:1] - INFO  [main:QuorumPeer@1] - LOOKING", Level.INFO),
        ("[2018-01-01 12:00:00,000] FATAL exiting", Level.ERROR),
        ("panic: runtime error", Level.ERROR),
        ("hello", Level.INFO),
    ],
)
def test_containers_say_the_level_in_their_own_ways(text: str, level: Level) -> None:
    assert level_of(text) is level


def test_the_engines_events_are_lines_among_those_of_containers() -> None:
    step = Event(TIME, Kind.STEP, "kafka", "up", "a", status=Status.FAILED, message="no", cause="x", remedy="y")
    model = model_of(said("INFO one"), step, said("two"))

    assert [(line.node, line.level, line.text) for line in model.lines(0, 9)] == [
        ("kafka1", Level.INFO, "INFO one"),
        ("", Level.ERROR, "kafka: failed: no"),
        ("", Level.ERROR, "    cause: x"),
        ("", Level.ERROR, "    remedy: y"),
        ("kafka1", Level.INFO, "two"),
    ]
    assert next(model.lines(0, 1)).time == "12:00:00.123"


def test_no_byte_of_a_line_steers_a_terminal() -> None:
    model = model_of(said("a\x1b[2Jb\x1b]0;title\x07c\td\x9b31me\r\nnext\x00"))

    assert texts(model) == ["abc de", "next"]


def test_how_far_a_transfer_is_makes_no_line_but_its_end_does() -> None:
    def sent(count: int) -> Event:
        return Event(TIME, Kind.LOG, "images", host="a", message=f"{count} of 9", bytes=count, total=9)

    assert [line.text for count in (3, 9) for line in lines_of(sent(count))] == ["9 of 9"]


def test_old_lines_make_room_by_number_and_by_bytes() -> None:
    many = model_of(*(said(f"line {n}") for n in range(25)), most_lines=10)
    assert texts(many) == [f"line {n}" for n in range(15, 25)]
    assert (many.first, many.end) == (15, 25)

    long = model_of(*(said(f"{n}" + "x" * 1000) for n in range(25)), most_bytes=5500)
    assert [text[:2] for text in texts(long)] == ["20", "21", "22", "23", "24"]


def test_lines_show_by_host_node_and_level_also_those_that_come_later() -> None:
    model = model_of(
        said("INFO x", "kafka1", "a"), said("ERROR y", "kafka2", "b"), said("INFO z", "zk1", "b"), said("ok", None, "b")
    )

    model.show_only(LogFilter(host="b"))
    assert texts(model) == ["ERROR y", "INFO z", "ok"]
    model.show_only(LogFilter(host="b", node=""))
    assert texts(model) == ["ok"]
    model.show_only(LogFilter(level=Level.WARNING))
    model.add(said("WARN later"))
    model.add(said("INFO not this"))
    model.take()
    assert texts(model) == ["ERROR y", "WARN later"]
    model.show_only(LogFilter())
    assert model.end - model.first == 6


def test_a_filtered_log_makes_room_as_well() -> None:
    model = LogModel(10)
    model.show_only(LogFilter(node="kafka2"))
    for number in range(40):
        model.add(said(f"{number}", f"kafka{number % 2 + 1}"))
    model.take()

    assert texts(model) == ["31", "33", "35", "37", "39"]
    assert model.end - model.first == 5
    with pytest.raises(IndexError):
        model.line(model.first - 1)


def test_a_line_is_kept_in_sight_when_others_show() -> None:
    model = model_of(*(said(f"{'ERROR' if n % 5 == 0 else 'INFO'} {n}") for n in range(20)))

    near = model.show_only(LogFilter(level=Level.ERROR), near=11)
    assert near is not None
    assert model.line(near).text == "ERROR 15"
    assert model.line(model.show_only(LogFilter(), near) or 0).text == "ERROR 15"
    assert model.show_only(LogFilter(node="nobody"), near=3) is None


def test_finding_goes_round_in_either_direction() -> None:
    model = model_of(*(said(text) for text in ("Alpha", "beta", "ALPHA", "gamma (x)")))

    assert model.find("alpha", 0) == 0
    assert model.find("alpha", 1) == 2
    assert model.find("alpha", 3) == 0
    assert model.find("alpha", 1, forward=False) == 0
    assert model.find("alpha", -1, forward=False) in (0, 2)
    assert model.find("(x)", 0) == 3
    assert model.find("KAFKA1", 2) == 2
    assert model.find("nothing", 0) is None
    assert LogModel().find("x", 0) is None


def test_the_next_error_is_found_among_what_shows() -> None:
    model = model_of(said("ERROR 1", "a1"), said("fine", "a1"), said("ERROR 2", "b1"))

    assert model.next_error(1) == 2
    assert model.next_error(3) == 0
    model.show_only(LogFilter(node="a1"))
    assert [model.next_error(0), model.next_error(1)] == [0, 0]
