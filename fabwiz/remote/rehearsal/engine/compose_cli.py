"""`docker-compose ...` (1.x) and `docker compose ...` (2.x): config, pull, up, stop, start, rm, ps, down."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fabwiz.remote.rehearsal.engine import views
from fabwiz.remote.rehearsal.engine.compose_file import ComposeFile, read
from fabwiz.remote.rehearsal.engine.container import Container
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.errors import ComposeError, DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options, parse
from fabwiz.remote.rehearsal.engine.spec import Spec

V1_VERSION = "1.24.0"
V2_VERSION = "2.26.1"
_HASH = "com.docker.compose.config-hash"
_PROJECT = "com.docker.compose.project"

_GLOBAL: dict[str, tuple[str, bool]] = {
    "-p": ("project", True),
    "--project-name": ("project", True),
    "-f": ("file", True),
    "--file": ("file", True),
    "--project-directory": ("directory", True),
    "--env-file": ("env-file", True),
    "--ansi": ("ansi", True),
    "--no-ansi": ("no-ansi", False),
    "--progress": ("progress", True),
    "--compatibility": ("compatibility", False),
}
_UP: dict[str, tuple[str, bool]] = {
    flag: (flag.lstrip("-"), False)
    for flag in ("--no-deps", "--force-recreate", "--no-recreate", "--no-build", "--remove-orphans", "--no-color")
} | {"-d": ("detach", False), "--detach": ("detach", False), "-t": ("timeout", True), "--timeout": ("timeout", True)}
_UP |= {"--pull": ("pull", True), "--quiet-pull": ("quiet", False)}
_RM: dict[str, tuple[str, bool]] = {
    "-f": ("force", False),
    "--force": ("force", False),
    "-s": ("stop", False),
    "--stop": ("stop", False),
    "-v": ("volumes", False),
}
_DOWN: dict[str, tuple[str, bool]] = {
    "-v": ("volumes", False),
    "--volumes": ("volumes", False),
    "--remove-orphans": ("orphans", False),
    "-t": ("timeout", True),
    "--timeout": ("timeout", True),
}
_TIMEOUT: dict[str, tuple[str, bool]] = {"-t": ("timeout", True), "--timeout": ("timeout", True)}
_QUIET: dict[str, tuple[str, bool]] = {"-q": ("quiet", False), "--quiet": ("quiet", False)}


def compose(engine: Engine, call: Call, argv: list[str], *, plugin: bool) -> int:
    """Run one compose command line; returns its exit code."""
    program = "docker compose" if plugin else "docker-compose"
    try:
        general = parse(
            argv,
            _GLOBAL | {"-v": ("version", False), "--version": ("version", False)},
            stop_at_first=True,
            program=program,
        )
        name = general.rest[0] if general.rest else ""
        if general.has("version") or name == "version":
            return _version(call, general.rest[1:], plugin)
        if name not in COMMANDS:
            call.err(f"No such command: {name} (of a rehearsal host)")
            return 1
        known, run = COMMANDS[name]
        options = parse(general.rest[1:], known, program=f"{program} {name}")
        return run(Project(engine, call, general), options)
    except UsageError as error:
        call.err(str(error))
        return 16 if plugin else 1
    except ComposeError as error:
        call.err(str(error) if plugin else f"ERROR: {error}")
        return 15 if plugin else 1
    except DockerError as error:
        call.err(f"Error response from daemon: {error}" if plugin else f"ERROR: {error}")
        return 1


def _version(call: Call, argv: list[str], plugin: bool) -> int:
    version = V2_VERSION if plugin else V1_VERSION
    options = parse(argv, {"--short": ("short", False), "-f": ("format", True), "--format": ("format", True)})
    long = f"Docker Compose version v{version}" if plugin else f"docker-compose version {version}, build rehearsal"
    call.out(version if options.has("short") else long)
    return 0


class Project:
    """One compose project on this host, and what a command does with it. Raises ComposeError, DockerError."""

    def __init__(self, engine: Engine, call: Call, general: Options) -> None:
        self.engine = engine
        self.call = call
        self._general = general
        named = general.get("file")
        self.path = call.cwd / named if named else self._default_file()
        self.name = general.get("project") or self.path.resolve().parent.name.lower()

    def _default_file(self) -> Path:
        for name in ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"):
            if (self.call.cwd / name).is_file():
                return self.call.cwd / name
        raise ComposeError(
            "\n        Can't find a suitable configuration file in this directory or any\n        parent. "
            "Are you in the right directory?"
        )

    def file(self) -> ComposeFile:
        """The compose file, checked."""
        return read(self.path, self.name, self.call.environment)

    def services(self, file: ComposeFile, names: list[str]) -> list[str]:
        """Those named, or all."""
        for name in names:
            if name not in file.services:
                raise ComposeError(f"No such service: {name}")
        return names or list(file.services)

    def containers(self) -> list[Container]:
        """What runs, or ran, of this project."""
        return self.engine.labelled(lambda labels: labels.get(_PROJECT) == self.name)

    def of(self, names: list[str]) -> list[Container]:
        """The project's containers of the given services; all when none is given."""
        wanted = self.services(self.file(), names)
        return [c for c in self.containers() if c.record.spec.service in wanted]

    def each(self, verb: str, boxes: list[Container], act: Callable[[Container], None]) -> None:
        """Do it to all at once, as compose does."""
        if not boxes:
            return
        with ThreadPoolExecutor(len(boxes)) as pool:
            list(pool.map(act, boxes))
        for box in boxes:
            self.call.err(f"{verb} {box.record.spec.name} ... done")


def _config(project: Project, options: Options) -> int:
    file = project.file()
    if options.has("services"):
        for name in file.services:
            project.call.out(name)
    elif options.has("hash"):
        for name, spec in file.services.items():
            project.call.out(f"{name} {spec.labels[_HASH]}")
    elif not options.has("quiet"):
        project.call.out(project.path.read_text(encoding="utf-8"))
    return 0


def _pull(project: Project, options: Options) -> int:
    file = project.file()
    for name in project.services(file, options.rest):
        project.call.err(f"Pulling {name} ({file.services[name].image})...")
        project.engine.images.pull(file.services[name].image, lambda line: None)
    return 0


def _with_dependencies(file: ComposeFile, names: list[str]) -> list[str]:
    ordered: list[str] = []

    def add(name: str) -> None:
        if name not in ordered:
            for other in file.depends[name]:
                add(other)
            if name not in ordered:
                ordered.append(name)

    for name in names:
        add(name)
    return ordered


def _up(project: Project, options: Options) -> int:
    file = project.file()
    names = project.services(file, options.rest)
    if not options.has("no-deps"):
        names = _with_dependencies(file, names)
    if not options.has("detach"):
        raise ComposeError("a rehearsal wants `up -d`")
    engine, call = project.engine, project.call
    used = {network for name in names for network in file.services[name].networks}
    for full, labels in file.networks.items():
        if full in used and full not in engine.networks:
            call.err(f'Creating network "{full}" with the default driver')
            engine.create_network(full, labels)
    mounted = {m.source for name in names for m in file.services[name].mounts if m.kind == "volume"}
    for full, labels in file.volumes.items():
        if full in mounted and full not in engine.volumes:
            call.err(f'Creating volume "{full}" with default driver')
            engine.create_volume(full, labels)
    failures = []
    for name in names:
        try:
            _up_one(project, file.services[name], options.has("force-recreate"))
        except DockerError as error:
            failures.append(name)
            call.err(f"Creating {file.services[name].name} ... error\n")
            call.err(f"ERROR: for {name}  Cannot start service {name}: {error}")
    if failures:
        call.err("Encountered errors while bringing up the project.")
    return 1 if failures else 0


def _up_one(project: Project, spec: Spec, force: bool) -> None:
    engine, call = project.engine, project.call
    if engine.images.present(spec.image) is None:
        call.err(f"Pulling {spec.service} ({spec.image})...")
        engine.images.pull(spec.image, lambda line: None)
    mine = [c for c in project.containers() if c.record.spec.service == spec.service]
    if mine:
        box = mine[0]
        if box.record.spec.labels.get(_HASH) == spec.labels[_HASH] and not force:
            if box.running:
                call.err(f"{spec.name} is up-to-date")
                return
            engine.start(box.record.spec.name)
            call.err(f"Starting {spec.name} ... done")
            return
        engine.remove(box.record.spec.name, force=True)
        verb = "Recreating"
    else:
        verb = "Creating"
    engine.create(spec)
    engine.start(spec.name)
    call.err(f"{verb} {spec.name} ... done")


def _stop(project: Project, options: Options) -> int:
    timeout = float(options.get("timeout", "10"))
    project.each("Stopping", [c for c in project.of(options.rest) if c.running], lambda c: c.stop(timeout))
    return 0


def _start(project: Project, options: Options) -> int:
    boxes = project.of(options.rest)
    if not boxes:
        raise ComposeError("No containers to start")
    for box in boxes:
        project.engine.start(box.record.spec.name)
        project.call.err(f"Starting {box.record.spec.name} ... done")
    return 0


def _restart(project: Project, options: Options) -> int:
    _stop(project, options)
    return _start(project, options)


def _rm(project: Project, options: Options) -> int:
    if not options.has("force"):
        raise ComposeError("a rehearsal wants `rm -f`: nobody is asked here")
    boxes = project.of(options.rest)
    if options.has("stop"):
        project.each("Stopping", [c for c in boxes if c.running], lambda c: c.stop())
    gone = [c for c in boxes if not c.running]
    if not gone:
        project.call.err("No stopped containers")
    project.each("Removing", gone, lambda c: project.engine.remove(c.record.spec.name, force=False))
    return 0


def _ps(project: Project, options: Options) -> int:
    boxes = project.of(options.rest)
    for box in boxes:
        if options.has("quiet"):
            project.call.out(box.record.id)
        elif options.get("format") == "json":
            project.call.out(json.dumps(views.row(box, True) | {"Service": box.record.spec.service}))
        else:
            project.call.out(f"{box.record.spec.name}\t{views.status(box)}")
    return 0


def _down(project: Project, options: Options) -> int:
    file = project.file()
    engine, call = project.engine, project.call
    boxes = project.containers()
    if not options.has("orphans"):
        boxes = [c for c in boxes if c.record.spec.service in file.services]
    timeout = float(options.get("timeout", "10"))
    project.each("Stopping", [c for c in boxes if c.running], lambda c: c.stop(timeout))
    project.each("Removing", boxes, lambda c: engine.remove(c.record.spec.name, force=True))
    for full in file.networks:
        if full in engine.networks:
            call.err(f"Removing network {full}")
            engine.remove_network(full)
    if options.has("volumes"):
        for full in file.volumes:
            if full in engine.volumes:
                call.err(f"Removing volume {full}")
                engine.remove_volume(full)
    return 0


COMMANDS: dict[str, tuple[dict[str, tuple[str, bool]], Callable[[Project, Options], int]]] = {
    "config": ({**_QUIET, "--services": ("services", False), "--hash": ("hash", True)}, _config),
    "pull": ({**_QUIET, "--ignore-pull-failures": ("ignore", False)}, _pull),
    "up": (_UP, _up),
    "stop": (_TIMEOUT, _stop),
    "start": ({}, _start),
    "restart": (_TIMEOUT, _restart),
    "rm": (_RM, _rm),
    "ps": ({**_QUIET, "-a": ("all", False), "--all": ("all", False), "--format": ("format", True)}, _ps),
    "down": (_DOWN, _down),
}
"""Commands: their options, and what runs them."""
