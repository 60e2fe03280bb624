"""`docker pull`, `load`, `tag`, `images`, `rmi`, and the `volume` and `network` commands."""

from __future__ import annotations

from typing import Any

from fabwiz.remote.rehearsal.engine import filters, views
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options
from fabwiz.remote.rehearsal.engine.rows import each, inspected, show


def pull(engine: Engine, call: Call, options: Options) -> int:
    """`docker pull`; returns the exit code."""
    if len(options.rest) != 1:
        raise UsageError('"docker pull" requires exactly 1 argument.')
    engine.images.pull(options.rest[0], (lambda line: None) if options.has("quiet") else call.out)
    if options.has("quiet"):
        call.out(options.rest[0])
    return 0


def load(engine: Engine, call: Call, options: Options) -> int:
    """`docker load`; returns the exit code. The client has put standard input into a file."""
    if options.rest:
        raise UsageError('"docker load" accepts no arguments.')
    engine.images.load(call.cwd / options.get("input"), (lambda line: None) if options.has("quiet") else call.out)
    return 0


def tag(engine: Engine, call: Call, options: Options) -> int:
    """`docker tag`; returns the exit code."""
    if len(options.rest) != 2:
        raise UsageError('"docker tag" requires exactly 2 arguments.')
    engine.images.tag(*options.rest)
    return 0


def images(engine: Engine, call: Call, options: Options) -> int:
    """`docker images`; returns the exit code."""
    if len(options.rest) > 1:
        raise UsageError('"docker images" requires at most 1 argument.')
    wanted = filters.Filters.of(options, filters.IMAGES, "images")
    references = [*wanted.values.get("reference", ()), *options.rest]
    dangling = wanted.truth("dangling")
    rows = []
    for image in engine.images.all():
        row = views.image_row(image, options.has("no-trunc"))
        is_dangling = row["Tag"] == "<none>"
        if (
            wanted.labels(views.image(image)["Config"]["Labels"])
            and dangling in (None, is_dangling)
            and (not references or any(filters.is_reference(one, row["Repository"], row["Tag"]) for one in references))
        ):
            rows.append(row)
    show(call, rows, options, "ID", ("Repository", "Tag", "ID"))
    return 0


def rmi(engine: Engine, call: Call, options: Options) -> int:
    """`docker rmi`; returns the exit code."""
    return each(call, options.rest, engine.images.remove)


def image_inspect(engine: Engine, call: Call, options: Options) -> int:
    """`docker image inspect`; returns the exit code."""
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        image = engine.images.present(name)
        if image is None:
            raise DockerError(f"No such image: {name}")
        found.append(views.image(image))

    return inspected(call, options, found, each(call, options.rest, look, "Error: "))


def volume_ls(engine: Engine, call: Call, options: Options) -> int:
    """`docker volume ls`; returns the exit code."""
    wanted = filters.Filters.of(options, filters.VOLUMES, "volume ls")
    dangling = wanted.truth("dangling")
    used = {mount.source for box in engine.containers.values() for mount in box.record.spec.mounts}
    rows = [
        {"Name": name, "Driver": "local", "Labels": ",".join(f"{k}={v}" for k, v in labels.items()), "Scope": "local"}
        for name, labels in sorted(engine.volumes.items())
        if wanted.labels(labels)
        and wanted.matches("name", name)
        and wanted.equals("driver", "local")
        and dangling in (None, name not in used)
    ]
    show(call, rows, options, "Name", ("Driver", "Name"))
    return 0


def network_ls(engine: Engine, call: Call, options: Options) -> int:
    """`docker network ls`; returns the exit code."""
    wanted = filters.Filters.of(options, filters.NETWORKS, "network ls")
    rows = [
        {
            "ID": network["id"] if options.has("no-trunc") else network["id"][:12],
            "Name": name,
            "Driver": "bridge",
            "Scope": "local",
            "Labels": ",".join(f"{k}={v}" for k, v in network["labels"].items()),
        }
        for name, network in engine.networks.items()
        if wanted.labels(network["labels"])
        and wanted.matches("name", name)
        and wanted.matches("id", network["id"])
        and wanted.equals("driver", "bridge")
        and wanted.equals("scope", "local")
    ]
    show(call, rows, options, "ID", ("ID", "Name", "Driver", "Scope"))
    return 0


def volume_rm(engine: Engine, call: Call, options: Options) -> int:
    """`docker volume rm`; returns the exit code."""

    def remove(name: str) -> None:
        engine.remove_volume(name)
        call.out(name)

    return each(call, options.rest, remove)


def network_rm(engine: Engine, call: Call, options: Options) -> int:
    """`docker network rm`; returns the exit code."""
    ids = {network["id"]: name for name, network in engine.networks.items()}

    def remove(name: str) -> None:
        real = next((n for i, n in ids.items() if len(name) >= 4 and i.startswith(name)), name)
        engine.remove_network(real)
        call.out(name)

    return each(call, options.rest, remove)


def _create_labelled(options: Options) -> tuple[str, dict[str, str]]:
    if len(options.rest) != 1:
        raise UsageError("requires exactly 1 argument.")
    return options.rest[0], dict(label.partition("=")[::2] for label in options.values.get("label", ()))


def network_create(engine: Engine, call: Call, options: Options) -> int:
    """`docker network create`; returns the exit code."""
    name, labels = _create_labelled(options)
    engine.create_network(name, labels)
    call.out(str(engine.networks[name]["id"]))
    return 0


def volume_create(engine: Engine, call: Call, options: Options) -> int:
    """`docker volume create`; returns the exit code."""
    name, labels = _create_labelled(options)
    engine.create_volume(name, labels)
    call.out(name)
    return 0


def volume_inspect(engine: Engine, call: Call, options: Options) -> int:
    """`docker volume inspect`; returns the exit code."""
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        if name not in engine.volumes:
            raise DockerError(f"No such volume: {name}")
        found.append(views.volume(engine, name))

    return inspected(call, options, found, each(call, options.rest, look, "Error: "))


def network_inspect(engine: Engine, call: Call, options: Options) -> int:
    """`docker network inspect`; returns the exit code."""
    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        if name not in engine.networks:
            raise DockerError(f"No such network: {name}")
        found.append(views.network(engine, name))

    return inspected(call, options, found, each(call, options.rest, look, "Error: "))
