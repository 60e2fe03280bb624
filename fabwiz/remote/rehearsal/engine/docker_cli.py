"""`docker ...`: the commands that a deployment needs, as the real client answers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fabwiz.remote.rehearsal.engine import clock, views
from fabwiz.remote.rehearsal.engine.compose_cli import compose
from fabwiz.remote.rehearsal.engine.engine import VERSION, Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options, parse
from fabwiz.remote.rehearsal.engine.template import render

Known = Mapping[str, tuple[str, bool]]
_FILTERED: dict[str, tuple[str, bool]] = {
    "--filter": ("filter", True),
    "-f": ("filter", True),
    "--format": ("format", True),
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
_FORMAT: dict[str, tuple[str, bool]] = {"--format": ("format", True), "-f": ("format", True)}
_STOP: dict[str, tuple[str, bool]] = {"-t": ("time", True), "--time": ("time", True), "--timeout": ("time", True)}
_REMOVE: dict[str, tuple[str, bool]] = {**_FORCED, "-v": ("volumes", False), "--volumes": ("volumes", False)}
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


def _each(
    call: Call, names: Sequence[str], act: Callable[[str], None], prefix: str = "Error response from daemon: "
) -> int:
    """Do it for every name; failures are shown and do not stop the others."""
    code = 0
    for name in names:
        try:
            act(name)
        except DockerError as error:
            call.err(f"{prefix}{error}")
            code = 1
    return code


def _show(call: Call, rows: Sequence[dict[str, Any]], options: Options, key: str, header: Sequence[str]) -> None:
    if options.has("quiet"):
        for row in rows:
            call.out(str(row[key]))
        return
    template = options.get("format")
    if template in ("", "table"):
        call.out("\t".join(field.upper() for field in header))
        template = "\t".join(f"{{{{.{field}}}}}" for field in header)
    elif template == "json":
        template = "{{json .}}"
    for row in rows:
        call.out(render(template.removeprefix("table "), row))


def _matcher(options: Options) -> Callable[[Mapping[str, str]], bool]:
    wanted = [value.partition("=")[2] for value in options.values.get("filter", ()) if value.startswith("label=")]
    others = [v for v in options.values.get("filter", ()) if not v.startswith(("label=", "name=", "status="))]
    if others:
        raise DockerError(f"invalid filter '{others[0]}'")

    def matches(labels: Mapping[str, str]) -> bool:
        for want in wanted:
            key, equals, value = want.partition("=")
            if key not in labels or (equals and labels[key] != value):
                return False
        return True

    return matches


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


def _ps(engine: Engine, call: Call, options: Options) -> int:
    rows = []
    names = [v.partition("=")[2] for v in options.values.get("filter", ()) if v.startswith("name=")]
    statuses = [v.partition("=")[2] for v in options.values.get("filter", ()) if v.startswith("status=")]
    for container in engine.labelled(_matcher(options)):
        status = container.record.status
        if (statuses and status not in statuses) or (names and not any(n in container.record.spec.name for n in names)):
            continue
        if options.has("all") or statuses or status in ("running", "restarting"):
            rows.append(views.row(container, options.has("no-trunc")))
    _show(call, rows, options, "ID", ("ID", "Image", "Status", "Ports", "Names"))
    return 0


def _inspect(engine: Engine, call: Call, options: Options) -> int:
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        try:
            found.append(views.container(engine, engine.find(name)))
        except DockerError:
            image = engine.images.present(name)
            if image:
                found.append(views.image(image))
            elif name in engine.networks:
                found.append(views.network(engine, name))
            elif name in engine.volumes:
                found.append(views.volume(engine, name))
            else:
                raise DockerError(f"No such object: {name}") from None

    return _inspected(call, options, found, _each(call, options.rest, look, "Error: "))


def _inspected(call: Call, options: Options, found: list[dict[str, Any]], code: int) -> int:
    if options.has("format"):
        for data in found:
            call.out(render(options.get("format"), data))
    else:
        call.out(json.dumps(found, indent=4))
    return code


def _image_inspect(engine: Engine, call: Call, options: Options) -> int:
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        image = engine.images.present(name)
        if image is None:
            raise DockerError(f"No such image: {name}")
        found.append(views.image(image))

    return _inspected(call, options, found, _each(call, options.rest, look, "Error: "))


def _logs(engine: Engine, call: Call, options: Options) -> int:
    if len(options.rest) != 1:
        raise UsageError('"docker logs" requires exactly 1 argument.')
    container = engine.find(options.rest[0])
    try:
        since = clock.read(options.get("since")) if options.has("since") else 0
    except ValueError:
        raise DockerError(
            f'invalid value for "since": failed to parse value as time: "{options.get("since")}"'
        ) from None
    tail = options.get("tail", "all")
    count = None if tail == "all" else int(tail)
    stamps = options.has("timestamps")
    started = container.record.started
    if options.has("follow"):
        if count is not None:
            lines = container.log.read(since, count)
            since = lines[0].time if lines else clock.now()
        watcher = threading.Event()

        def going_on() -> bool:
            return (
                not watcher.is_set() and container.running and container.record.started == started and not call.gone()
            )

        for line in container.log.follow(since, going_on):
            _print(call, line.stream, (clock.write(line.time) + " " if stamps else "") + line.text)
    else:
        for line in container.log.read(since, count):
            _print(call, line.stream, (clock.write(line.time) + " " if stamps else "") + line.text)
    return 0


def _print(call: Call, stream: str, text: str) -> None:
    (call.out if stream == "stdout" else call.err)(text)


def _pull(engine: Engine, call: Call, options: Options) -> int:
    if len(options.rest) != 1:
        raise UsageError('"docker pull" requires exactly 1 argument.')
    engine.images.pull(options.rest[0], (lambda line: None) if options.has("quiet") else call.out)
    if options.has("quiet"):
        call.out(options.rest[0])
    return 0


def _images(engine: Engine, call: Call, options: Options) -> int:
    rows = [views.image_row(image) for image in engine.images.all()]
    if options.rest:
        rows = [r for r in rows if options.rest[0] in (r["Repository"], f"{r['Repository']}:{r['Tag']}")]
    _show(call, rows, options, "ID", ("Repository", "Tag", "ID"))
    return 0


def _rmi(engine: Engine, call: Call, options: Options) -> int:
    return _each(call, options.rest, engine.images.remove)


def _volume_ls(engine: Engine, call: Call, options: Options) -> int:
    matches = _matcher(options)
    rows = [
        {"Name": name, "Driver": "local", "Labels": ",".join(f"{k}={v}" for k, v in labels.items()), "Scope": "local"}
        for name, labels in sorted(engine.volumes.items())
        if matches(labels)
    ]
    _show(call, rows, options, "Name", ("Driver", "Name"))
    return 0


def _network_ls(engine: Engine, call: Call, options: Options) -> int:
    matches = _matcher(options)
    rows = [
        {
            "ID": network["id"] if options.has("no-trunc") else network["id"][:12],
            "Name": name,
            "Driver": "bridge",
            "Scope": "local",
            "Labels": ",".join(f"{k}={v}" for k, v in network["labels"].items()),
        }
        for name, network in engine.networks.items()
        if matches(network["labels"])
    ]
    _show(call, rows, options, "ID", ("ID", "Name", "Driver", "Scope"))
    return 0


def _volume_rm(engine: Engine, call: Call, options: Options) -> int:
    def remove(name: str) -> None:
        engine.remove_volume(name)
        call.out(name)

    return _each(call, options.rest, remove)


def _network_rm(engine: Engine, call: Call, options: Options) -> int:
    ids = {network["id"]: name for name, network in engine.networks.items()}

    def remove(name: str) -> None:
        real = next((n for i, n in ids.items() if len(name) >= 4 and i.startswith(name)), name)
        engine.remove_network(real)
        call.out(name)

    return _each(call, options.rest, remove)


def _create_labelled(options: Options) -> tuple[str, dict[str, str]]:
    if len(options.rest) != 1:
        raise UsageError("requires exactly 1 argument.")
    return options.rest[0], dict(label.partition("=")[::2] for label in options.values.get("label", ()))


def _network_create(engine: Engine, call: Call, options: Options) -> int:
    name, labels = _create_labelled(options)
    engine.create_network(name, labels)
    call.out(str(engine.networks[name]["id"]))
    return 0


def _volume_create(engine: Engine, call: Call, options: Options) -> int:
    name, labels = _create_labelled(options)
    engine.create_volume(name, labels)
    call.out(name)
    return 0


def _volume_inspect(engine: Engine, call: Call, options: Options) -> int:
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        if name not in engine.volumes:
            raise DockerError(f"No such volume: {name}")
        found.append(views.volume(engine, name))

    return _inspected(call, options, found, _each(call, options.rest, look, "Error: "))


def _network_inspect(engine: Engine, call: Call, options: Options) -> int:
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        if name not in engine.networks:
            raise DockerError(f"No such network: {name}")
        found.append(views.network(engine, name))

    return _inspected(call, options, found, _each(call, options.rest, look, "Error: "))


def _rm(engine: Engine, call: Call, options: Options) -> int:
    def remove(name: str) -> None:
        engine.remove(name, options.has("force"))
        call.out(name)

    return _each(call, options.rest, remove)


def _stop(engine: Engine, call: Call, options: Options) -> int:
    def stop(name: str) -> None:
        engine.find(name).stop(float(options.get("time", "10")))
        call.out(name)

    return _each(call, options.rest, stop)


def _start(engine: Engine, call: Call, options: Options) -> int:
    def start(name: str) -> None:
        engine.start(name)
        call.out(name)

    return _each(call, options.rest, start)


def _restart(engine: Engine, call: Call, options: Options) -> int:
    def restart(name: str) -> None:
        engine.find(name).stop(float(options.get("time", "10")))
        engine.start(name)
        call.out(name)

    return _each(call, options.rest, restart)


Command = tuple[Known, Callable[[Engine, Call, Options], int]]

COMMANDS: dict[str, Command] = {
    "version": (_FORMAT, _version),
    "info": (_FORMAT, _info),
    "ps": (_PS, _ps),
    "inspect": ({**_FORMAT, "--type": ("type", True)}, _inspect),
    "logs": (_LOGS, _logs),
    "pull": ({"-q": ("quiet", False), "--quiet": ("quiet", False)}, _pull),
    "images": (_FILTERED, _images),
    "rmi": (_FORCED, _rmi),
    "image ls": (_FILTERED, _images),
    "image inspect": (_FORMAT, _image_inspect),
    "image pull": ({"-q": ("quiet", False), "--quiet": ("quiet", False)}, _pull),
    "image rm": (_FORCED, _rmi),
    "volume ls": (_FILTERED, _volume_ls),
    "volume create": (_LABELLED, _volume_create),
    "volume inspect": (_FORMAT, _volume_inspect),
    "volume rm": (_FORCED, _volume_rm),
    "network ls": (_FILTERED, _network_ls),
    "network create": (_LABELLED, _network_create),
    "network inspect": (_FORMAT, _network_inspect),
    "network rm": (_FORCED, _network_rm),
    "rm": (_REMOVE, _rm),
    "stop": (_STOP, _stop),
    "kill": ({"-s": ("signal", True), "--signal": ("signal", True)}, _stop),
    "start": ({}, _start),
    "restart": (_STOP, _restart),
}
"""Commands of one or two words: their options, and what runs them."""
