"""`docker ps`, `inspect`, `logs`, `rm`, `stop`, `start`, `restart`."""

from __future__ import annotations

from typing import Any

from fabwiz.remote.rehearsal.engine import clock, filters, views
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options
from fabwiz.remote.rehearsal.engine.rows import each, inspected, show


def ps(engine: Engine, call: Call, options: Options) -> int:
    """`docker ps`; returns the exit code."""
    if options.rest:
        raise UsageError('"docker ps" accepts no arguments.')
    wanted = filters.Filters.of(options, filters.CONTAINERS, "ps")
    found = filters.containers(engine, wanted, options.has("all"))
    rows = [views.row(container, options.has("no-trunc")) for container in found]
    show(call, rows, options, "ID", ("ID", "Image", "Status", "Ports", "Names"))
    return 0


def inspect(engine: Engine, call: Call, options: Options) -> int:
    """`docker inspect`; returns the exit code."""
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

    return inspected(call, options, found, each(call, options.rest, look, "Error: "))


def logs(engine: Engine, call: Call, options: Options) -> int:
    """`docker logs`; returns the exit code."""
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

        def going_on() -> bool:
            return container.running and container.record.started == started and not call.gone()

        for line in container.log.follow(since, going_on):
            _print(call, line.stream, (clock.write(line.time) + " " if stamps else "") + line.text)
    else:
        for line in container.log.read(since, count):
            _print(call, line.stream, (clock.write(line.time) + " " if stamps else "") + line.text)
    return 0


def _print(call: Call, stream: str, text: str) -> None:
    (call.out if stream == "stdout" else call.err)(text)


def rm(engine: Engine, call: Call, options: Options) -> int:
    """`docker rm`; returns the exit code."""

    def remove(name: str) -> None:
        engine.remove(name, options.has("force"))
        call.out(name)

    return each(call, options.rest, remove)


def stop(engine: Engine, call: Call, options: Options) -> int:
    """`docker stop`; returns the exit code."""

    def stop(name: str) -> None:
        engine.find(name).stop(float(options.get("time", "10")))
        call.out(name)

    return each(call, options.rest, stop)


def start(engine: Engine, call: Call, options: Options) -> int:
    """`docker start`; returns the exit code."""

    def start(name: str) -> None:
        engine.start(name)
        call.out(name)

    return each(call, options.rest, start)


def restart(engine: Engine, call: Call, options: Options) -> int:
    """`docker restart`; returns the exit code."""

    def restart(name: str) -> None:
        engine.find(name).stop(float(options.get("time", "10")))
        engine.start(name)
        call.out(name)

    return each(call, options.rest, restart)
