"""The stand-in docker and compose: what deployment calls, and what the real ones refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.model import Session

TOOLS = "hyperledger/fabric-tools:1.4.0"


@pytest.fixture
def box(small: Callable[..., Session], start: Callable[..., Rehearsal], shell_on: Callable[..., Any]) -> Any:
    return shell_on(start(small()), "h1")


def tools(**more: Any) -> dict[str, Any]:
    return {"cli": {"image": TOOLS, "container_name": "cli", "labels": {"fabwiz.network": "small"}, **more}}


def test_versions_say_rehearsal(host: Any) -> None:
    assert host.run("docker", "version", "--format", "{{.Server.Version}}").out.strip() == "18.09.9-rehearsal"
    assert host.run("docker-compose", "version", "--short").out.strip() == "1.24.0"
    assert host.run("docker", "compose", "version", "--short").out.strip() == "2.26.1"
    assert "rehearsal" in host.run("docker", "info").out


def test_hosts_may_lack_compose_or_docker(
    small: Callable[..., Session], start: Callable[..., Rehearsal], shell_on: Callable[..., Any]
) -> None:
    rehearsal = start(small(3), compose={"h1": "v1", "h2": "v2"}, without_docker=["h3"])
    first, second, third = (shell_on(rehearsal, name) for name in ("h1", "h2", "h3"))
    assert first.sh("docker compose version").code == 1
    assert first.sh("docker-compose version").code == 0
    assert second.sh("docker-compose version").code == 127
    assert second.sh("docker compose version").code == 0
    assert third.sh("docker version").code == 127


def test_up_creates_what_the_file_says(box: Any) -> None:
    answer = box.compose(
        tools(environment=["A=$$HOME", "B=2"], volumes=["data:/data"], restart="unless-stopped"),
        "up", "-d", "--no-deps", "cli", volumes={"data": {"labels": {"fabwiz.network": "small"}}},
    )  # fmt: skip
    assert answer.code == 0, answer.err
    row = json.loads(box.run("docker", "ps", "-a", "--no-trunc", "--filter", "label=fabwiz.network=small",
                             "--format", "{{json .}}").out)  # fmt: skip
    assert (row["Names"], row["Image"], row["State"]) == ("cli", TOOLS, "running")
    about = box.inspect("cli")
    assert about["Config"]["Env"] == ["A=$HOME", "B=2"]
    assert about["State"]["Status"] == "running"
    assert about["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert box.run("docker", "volume", "ls", "--filter", "label=fabwiz.network=small", "-q").out == "small_data\n"
    again = box.compose(
        tools(environment=["A=$$HOME", "B=2"], volumes=["data:/data"], restart="unless-stopped"),
        "up", "-d", "cli", volumes={"data": {"labels": {"fabwiz.network": "small"}}},
    )  # fmt: skip
    assert "cli is up-to-date" in again.err
    assert box.inspect("cli")["Id"] == about["Id"]
    assert box.inspect("cli")["State"]["StartedAt"] == about["State"]["StartedAt"]


def test_down_takes_everything_of_the_project_and_nothing_else(box: Any) -> None:
    box.sh("docker network create other; docker volume create kept")
    services = tools(volumes=["data:/data"])
    volumes: dict[str, Any] = {"data": {}}
    assert box.compose(services, "up", "-d", volumes=volumes).code == 0
    assert box.compose(services, "down", volumes=volumes).code == 0
    assert box.run("docker", "ps", "-aq").out == ""
    assert box.run("docker", "volume", "ls", "-q").out == "kept\nsmall_data\n"
    assert box.compose(services, "down", "-v", "--remove-orphans", volumes=volumes).code == 0
    assert box.run("docker", "volume", "ls", "-q").out == "kept\n"
    assert "other" in box.run("docker", "network", "ls", "--format", "{{.Name}}").out


@pytest.mark.parametrize(
    ("services", "top", "words"),
    [
        (tools(image="hyperledger/fabric-tools:9.9.9"), {}, "manifest unknown"),
        (tools(image="example/unknown:1"), {}, "pull access denied"),
        (tools(volumes=["./missing:/x"]), {}, "bind source path does not exist"),
        (tools(volumes=["gone:/x"]), {}, 'Named volume "gone:/x" is used in service "cli" but no declaration'),
        (tools(networks=["gone"]), {}, 'undefined network "gone"'),
        (tools(enviroment={}), {}, "Unsupported config option for services.cli: 'enviroment'"),
        (tools(environment={"A": True}), {}, "contains true, which is an invalid type"),
        (tools(environment={"A": "$"}), {}, "Invalid interpolation format"),
        (tools(depends_on=["gone"]), {}, "depends on service 'gone' which is undefined"),
        (tools(extra_hosts=["nocolon"]), {}, "bad format for extra-hosts"),
        (tools(), {"servics": {}}, 'Invalid top-level property "servics"'),
        (tools(env_file="gone.env"), {}, "Couldn't find env file"),
        (tools(restart="sometimes"), {}, "Invalid restart policy"),
        ({"cli": {"command": "x"}}, {}, "neither an image nor a build context"),
    ],
)
def test_compose_refuses(host: Any, services: dict[str, Any], top: dict[str, Any], words: str) -> None:
    answer = host.compose(services, "up", "-d", **top)
    assert answer.code == 1
    assert words in answer.err


def test_compose_refuses_broken_files(host: Any) -> None:
    host.folder.mkdir(parents=True, exist_ok=True)
    file = host.folder / "bad.yaml"
    assert "No such file" in host.run("docker-compose", "-f", str(file), "config", "-q").err
    file.write_text("services: [")
    assert host.run("docker-compose", "-f", str(file), "config", "-q").code == 1
    file.write_text("services:\n  a:\n    image: x\n    environment: {A: '1'}\n    environment: {B: '2'}\n")
    assert 'mapping key "environment" already defined' in host.run("docker-compose", "-f", str(file), "config").err


def test_ports_are_free_or_refused(box: Any) -> None:
    first = {**tools(ports=["7777:7777"]), "other": {"image": TOOLS, "container_name": "o", "ports": ["7777:1"]}}
    answer = box.compose(first, "up", "-d")
    assert answer.code == 1
    assert "Bind for 0.0.0.0:7777 failed: port is already allocated" in answer.err
    assert box.inspect("cli")["State"]["Status"] == "running"


def test_names_are_unique_across_projects(box: Any) -> None:
    assert box.compose(tools(), "up", "-d").code == 0
    file = box.folder / "docker-compose.yaml"
    answer = box.run("docker-compose", "-p", "another", "-f", str(file), "up", "-d")
    assert 'The container name "/cli" is already in use' in answer.err


def test_docker_refuses_in_dockers_words(host: Any) -> None:
    assert "No such object: ghost" in host.run("docker", "inspect", "ghost").err
    assert "No such container: ghost" in host.run("docker", "logs", "ghost").err
    assert "unknown flag: --nope" in host.run("docker", "ps", "--nope").err
    assert "No such service: ghost" in host.compose(tools(), "up", "-d", "ghost").err


def test_logs_have_times_and_can_be_followed_from_one(box: Any, wait_until: Callable[..., Any]) -> None:
    assert box.compose(tools(), "up", "-d").code == 0
    wait_until(lambda: "tools container ready" in box.run("docker", "logs", "cli").err)
    lines = box.run("docker", "logs", "-t", "cli").err.splitlines()
    stamps = [line.partition(" ")[0] for line in lines]
    assert len(lines) == 2
    assert "[rehearsal]" in lines[0]
    assert stamps == sorted(set(stamps))
    since = box.run("docker", "logs", "-t", "--since", stamps[1], "cli").err.splitlines()
    assert since == lines[1:]
    _in, _out, err = box.client.exec_command("docker logs -f -t cli")
    assert [err.readline().rstrip("\n") for _ in lines] == lines
    box.run("docker", "stop", "cli")
    assert err.read() == b""


def test_events_are_told_as_they_happen_and_from_a_time_on(box: Any) -> None:
    begun = box.run("date", "+%s").out.strip()
    box.compose(tools(), "up", "-d")
    command = f"docker events --since {begun} --filter event=start --filter type=container"
    _in, out, _err = box.client.exec_command(
        f"{command} --filter label=fabwiz.network=small --format '{{{{.Actor.Attributes.name}}}} {{{{.Action}}}}'"
    )
    assert out.readline() == "cli start\n"
    box.run("docker", "restart", "cli")
    assert out.readline() == "cli start\n"
    out.channel.close()
    past = box.run(
        *("docker", "events", "--since", begun, "--until", "0s", "--format", "{{.Action}}", "--filter", "container=cli")
    )
    assert past.out.split() == ["create", "start", "die", "start"]
    assert box.run("docker", "events", "--since", begun, "--until", "0s", "--filter", "label=other").out == ""
    assert "Invalid filter 'nope'" in box.run("docker", "events", "--filter", "nope=1").err
    assert "accepts no arguments" in box.run("docker", "events", "cli").err


def test_stop_and_start_through_compose(box: Any) -> None:
    box.compose(tools(), "up", "-d")
    assert box.compose(tools(), "stop").code == 0
    assert box.inspect("cli")["State"]["Status"] == "exited"
    assert box.compose(tools(), "start").code == 0
    assert box.inspect("cli")["State"]["Status"] == "running"


def test_containers_come_back_after_a_crash_as_their_policy_says(box: Any, shell_on: Callable[..., Any]) -> None:
    services = {**tools(restart="unless-stopped"), "once": {"image": TOOLS, "container_name": "once"}}
    box.compose(services, "up", "-d")
    box.rehearsal.crash("h1")
    box.rehearsal.start("h1")
    again = shell_on(box.rehearsal, "h1")
    assert again.inspect("cli")["State"]["Status"] == "running"
    assert again.inspect("once")["State"]["ExitCode"] == 255


def test_pull_shows_progress_and_is_done_once(box: Any) -> None:
    first = box.run("docker", "pull", TOOLS)
    assert "Pull complete" in first.out
    assert "up to date" in box.run("docker", "pull", TOOLS).out
    assert box.run("docker", "image", "inspect", TOOLS).code == 0
    assert box.run("docker", "image", "inspect", "hyperledger/fabric-peer:1.4.0").code == 1


@pytest.fixture
def filtered(box: Any) -> Callable[..., list[str]]:
    """Names of what a `docker ... ls` lists on a host with two containers, one of them stopped."""
    box.sh("docker network create other; docker volume create spare")
    services = {
        **tools(volumes=["data:/data"], networks=["default", "far"]),
        "b": {"image": TOOLS, "container_name": "clips"},
    }
    answer = box.compose(services, "up", "-d", volumes={"data": {}}, networks={"far": {}})
    assert answer.code == 0, answer.err
    assert box.run("docker", "stop", "clips").code == 0

    def names(*command: str, field: str = "Names") -> list[str]:
        found = box.run("docker", *command, "--format", f"{{{{.{field}}}}}")
        assert found.code == 0, found.err
        return sorted(found.out.split())

    return names


def test_containers_are_filtered_as_docker_does(box: Any, filtered: Callable[..., list[str]]) -> None:
    def ps(*wanted: str) -> list[str]:
        return filtered("ps", "-a", *(word for one in wanted for word in ("--filter", one)))

    identity = box.run("docker", "network", "inspect", "small_far", "--format", "{{.Id}}").out.strip()
    assert ps("name=cli") == ["cli", "clips"]  # found anywhere in the name
    assert ps("name=^/?cli$") == ps("name=^/cli$") == ["cli"]
    assert ps("name=^cl.p") == ["clips"]
    assert ps("name=x", "name=ips") == ["clips"]
    assert ps("name=(") == []
    assert ps("network=small_far") == ps(f"network={identity[:8]}") == ["cli"]
    assert ps("network=small_fa") == []
    assert ps("network=small_default", "name=clips") == ["clips"]
    assert ps(f"ancestor={TOOLS}") == ["cli", "clips"]
    assert ps("ancestor=hyperledger/fabric-ccenv:1.4.0") == []
    assert ps("volume=small_data") == ps("volume=/data") == ["cli"]
    assert ps("label=fabwiz.network=small", "label=com.docker.compose.project") == ["cli"]
    assert filtered("ps", "--filter", "status=exited") == ["clips"]
    assert filtered("ps", "--filter", "network=small_default") == ["cli"]


def test_images_volumes_and_networks_are_filtered_too(box: Any, filtered: Callable[..., list[str]]) -> None:
    def images(*words: str) -> list[str]:
        return filtered("images", *words, field="Repository")

    assert images() == images("hyperledger/*") == images("hyperledger/fabric-t?ols:1.4.*") == [TOOLS.partition(":")[0]]
    assert images("fabric-*") == images("*") == images(f"{TOOLS}1") == []
    assert images("--filter", "reference=*/fabric-tools") == [TOOLS.partition(":")[0]]
    assert images("--filter", "label=org.hyperledger.fabric.chaincode.type") == []
    assert images("--filter", "dangling=true") == []
    assert filtered("volume", "ls", "--filter", "dangling=true", field="Name") == ["spare"]
    assert filtered("volume", "ls", "--filter", "name=^small_", field="Name") == ["small_data"]
    assert filtered("network", "ls", "--filter", "name=far$", field="Name") == ["small_far"]
    assert "other" not in filtered("network", "ls", "--filter", "scope=swarm", field="Name")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("ps --filter name", 125, "bad format of filter (expected name=value)"),
        ("ps --filter colour=red", 1, "Error response from daemon: Invalid filter 'colour'"),
        ("ps --filter publish=80", 1, "Invalid filter 'publish'"),
        ("ps --filter status=asleep", 1, "Unrecognised filter value for status: asleep"),
        ("ps --filter exited=x", 1, 'strconv.Atoi: parsing "x": invalid syntax'),
        ("ps cli", 125, '"docker ps" accepts no arguments'),
        ("images --filter name=x", 1, "Invalid filter 'name'"),
        ("images --filter dangling=perhaps", 1, "Invalid filter 'dangling=[perhaps]'"),
        ("images a b", 125, "requires at most 1 argument"),
        ("volume ls --filter network=x", 1, "Invalid filter 'network'"),
        ("network ls --filter ancestor=x", 1, "Invalid filter 'ancestor'"),
    ],
)
def test_filters_that_are_none_are_refused_and_never_passed_over(
    host: Any, command: str, code: int, words: str
) -> None:
    answer = host.run("docker", *command.split())

    assert words in answer.err
    assert (answer.code, answer.out) == (code, "")
