"""`docker ...`: the commands that a deployment needs, as the real client answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fabwiz.remote.rehearsal.engine import docker_containers, docker_events, docker_storage
from fabwiz.remote.rehearsal.engine.compose_cli import compose
from fabwiz.remote.rehearsal.engine.engine import VERSION, Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options, parse
from fabwiz.remote.rehearsal.engine.template import render

Known = Mapping[str, tuple[str, bool]]
_CHOSEN: dict[str, tuple[str, bool]] = {
    "--filter": ("filter", True),
    "-f": ("filter", True),
    "--format": ("format", True),
}
_FILTERED: dict[str, tuple[str, bool]] = {
    **_CHOSEN,
    "-q": ("quiet", False),
    "--quiet": ("quiet", False),
    "--no-trunc": ("no-trunc", False),
}
_FORCED: dict[str, tuple[str, bool]] = {"-f": ("force", False), "--force": ("force", False)}
_PS: dict[str, tuple[str, bool]] = {**_FILTERED, "-a": ("all", False), "--all": ("all", False)}
_LOGS: dict[str, tuple[str, bool]] = {
    "-f": ("follow", False),
    "--follow": ("follow", False),
    "-t": ("timestamps", False),
    "--timestamps": ("timestamps", False),
    "--since": ("since", True),
    "--tail": ("tail", True),
    "-n": ("tail", True),
    "--details": ("details", False),
}
_EVENTS: dict[str, tuple[str, bool]] = {**_CHOSEN, "--since": ("since", True), "--until": ("until", True)}
_FORMAT: dict[str, tuple[str, bool]] = {"--format": ("format", True), "-f": ("format", True)}
_STOP: dict[str, tuple[str, bool]] = {"-t": ("time", True), "--time": ("time", True), "--timeout": ("time", True)}
_REMOVE: dict[str, tuple[str, bool]] = {**_FORCED, "-v": ("volumes", False), "--volumes": ("volumes", False)}
_LOAD: dict[str, tuple[str, bool]] = {
    "-i": ("input", True),
    "--input": ("input", True),
    "-q": ("quiet", False),
    "--quiet": ("quiet", False),
}
_LABELLED: dict[str, tuple[str, bool]] = {
    "--label": ("label", True),
    "-d": ("driver", True),
    "--driver": ("driver", True),
}


def docker(engine: Engine, call: Call) -> int:
    """Run one docker command line; returns its exit code."""
    argv = list(call.argv)
    if argv and argv[0] == "compose":
        if engine.config.compose in ("v2", "both"):
            return compose(engine, call, argv[1:], plugin=True)
        call.err("docker: 'compose' is not a docker command.\nSee 'docker --help'")
        return 1
    name, arguments = _command(argv)
    if name is None:
        if argv[:1] in (["--version"], ["-v"]):
            call.out(f"Docker version {VERSION}, build rehearsal")
            return 0
        call.err(f"docker: '{' '.join(argv[:1])}' is not a docker command (of a rehearsal host).\nSee 'docker --help'")
        return 1
    known, run = COMMANDS[name]
    try:
        return run(engine, call, parse(arguments, known, program=f"docker {name}"))
    except UsageError as error:
        call.err(str(error))
        return 125
    except DockerError as error:
        text = str(error)
        call.err(text if text.startswith("template") else f"Error response from daemon: {text}")
        return 1


def _command(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    two = " ".join(argv[:2])
    if two in COMMANDS:
        return two, list(argv[2:])
    if two.startswith("container ") and len(argv) > 1:
        short = {"ls": "ps", "list": "ps"}.get(argv[1], argv[1])
        if short in COMMANDS:
            return short, list(argv[2:])
    if argv and argv[0] in COMMANDS:
        return argv[0], list(argv[1:])
    return None, []


def _version(engine: Engine, call: Call, options: Options) -> int:
    part = {"Version": VERSION, "ApiVersion": "1.39", "Os": "linux", "Arch": "amd64", "GitCommit": "rehearsal"}
    data = {"Client": part, "Server": part}
    call.out(
        render(options.get("format"), data) if options.has("format") else f"Server: Docker Engine\n Version: {VERSION}"
    )
    return 0


def _info(engine: Engine, call: Call, options: Options) -> int:
    containers = [c.record.status for c in engine.containers.values()]
    data: dict[str, Any] = {
        "ServerVersion": VERSION,
        "Name": engine.config.name,
        "OperatingSystem": "fabwiz rehearsal",
        "OSType": "linux",
        "Architecture": "x86_64",
        "DockerRootDir": str(engine.folder),
        "Driver": "rehearsal",
        "DriverStatus": [],
        "Containers": len(containers),
        "ContainersRunning": containers.count("running"),
        "Images": len(engine.images.all()),
        "SecurityOptions": [],
    }
    if options.has("format"):
        call.out(render(options.get("format"), data))
    else:
        for key, value in data.items():
            call.out(f"{key}: {value}")
    return 0


Command = tuple[Known, Callable[[Engine, Call, Options], int]]

COMMANDS: dict[str, Command] = {
    "version": (_FORMAT, _version),
    "info": (_FORMAT, _info),
    "ps": (_PS, docker_containers.ps),
    "inspect": ({**_FORMAT, "--type": ("type", True)}, docker_containers.inspect),
    "logs": (_LOGS, docker_containers.logs),
    "events": (_EVENTS, docker_events.events),
    "pull": ({"-q": ("quiet", False), "--quiet": ("quiet", False)}, docker_storage.pull),
    "load": (_LOAD, docker_storage.load),
    "tag": ({}, docker_storage.tag),
    "images": (_FILTERED, docker_storage.images),
    "rmi": (_FORCED, docker_storage.rmi),
    "image ls": (_FILTERED, docker_storage.images),
    "image inspect": (_FORMAT, docker_storage.image_inspect),
    "image pull": ({"-q": ("quiet", False), "--quiet": ("quiet", False)}, docker_storage.pull),
    "image load": (_LOAD, docker_storage.load),
    "image tag": ({}, docker_storage.tag),
    "image rm": (_FORCED, docker_storage.rmi),
    "volume ls": (_FILTERED, docker_storage.volume_ls),
    "volume create": (_LABELLED, docker_storage.volume_create),
    "volume inspect": (_FORMAT, docker_storage.volume_inspect),
    "volume rm": (_FORCED, docker_storage.volume_rm),
    "network ls": (_FILTERED, docker_storage.network_ls),
    "network create": (_LABELLED, docker_storage.network_create),
    "network inspect": (_FORMAT, docker_storage.network_inspect),
    "network rm": (_FORCED, docker_storage.network_rm),
    "rm": (_REMOVE, docker_containers.rm),
    "stop": (_STOP, docker_containers.stop),
    "kill": ({"-s": ("signal", True), "--signal": ("signal", True)}, docker_containers.stop),
    "start": ({}, docker_containers.start),
    "restart": (_STOP, docker_containers.restart),
}
"""Commands of one or two words: their options, and what runs them."""
