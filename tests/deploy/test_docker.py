"""What `docker ps` prints, of any version, becomes containers."""

import json

import pytest

from fabwiz.deploy.docker import State, last_line, parse_containers


def line(**values: str) -> str:
    row = {"Names": "kafka1", "ID": "abc", "Image": "kafka:1", "Status": "Up 3 minutes", "Labels": ""}
    return json.dumps(row | values)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Up 3 minutes", State.RUNNING),
        ("Up 3 minutes (healthy)", State.RUNNING),
        ("Up 2 hours (Paused)", State.PAUSED),
        ("Restarting (1) 4 seconds ago", State.RESTARTING),
        ("Created", State.CREATED),
        ("Exited (137) 2 days ago", State.EXITED),
        ("Dead", State.EXITED),
    ],
)
def test_states(status: str, state: State) -> None:
    assert [container.state for container in parse_containers(line(Status=status))] == [state]


def test_our_labels_are_found_among_others() -> None:
    labels = "com.docker.compose.project=lan4,fabwiz.network=lan4,fabwiz.node=kafka1,fabwiz.revision=0123abcd"

    (container,) = parse_containers(line(Labels=labels))

    assert (container.node, container.revision) == ("kafka1", "0123abcd")


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("", set()),
        ("9443/tcp", set()),
        ("0.0.0.0:7050->7050/tcp, :::7050->7050/tcp", {7050}),
        ("0.0.0.0:8051-8053->7051-7053/tcp, [::]:8051-8053->7051-7053/tcp, 7060/tcp", {8051, 8052, 8053}),
    ],
)
def test_published_ports_are_those_of_the_host(text: str, ports: set[int]) -> None:
    (container,) = parse_containers(line(Ports=text))

    assert container.ports == ports


@pytest.mark.parametrize("text", ["", "garbage", "{}", "[1]", '"text"', "WARNING: no swap limit", '{"Names": 1}'])
def test_lines_that_are_no_containers_are_passed_over(text: str) -> None:
    assert list(parse_containers(f"{text}\n{line()}")) == list(parse_containers(line()))


def test_the_last_line_is_the_one_that_says_something() -> None:
    assert last_line("pulling\nError: manifest unknown\n\n") == "Error: manifest unknown"
    assert last_line("") == ""
