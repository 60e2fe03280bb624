"""`docker events`: what happens to containers, as it happens."""

from __future__ import annotations

from fabwiz.remote.rehearsal.engine import clock, filters
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options
from fabwiz.remote.rehearsal.engine.template import render


def events(engine: Engine, call: Call, options: Options) -> int:
    """`docker events`; returns the exit code once its time is over, or nobody listens any more."""
    if options.rest:
        raise UsageError('"docker events" accepts no arguments.')
    wanted = filters.Filters.of(options, filters.EVENTS, "events")
    since = _time(options, "since")
    until = _time(options, "until")
    template = options.get("format")
    for one in engine.happenings.follow(clock.now() if since is None else since, until, lambda: not call.gone()):
        spec = one.record.spec
        if (
            wanted.equals("type", "container")
            and wanted.equals("event", one.action)
            and wanted.equals("container", spec.name, one.record.id)
            and wanted.labels(spec.labels)
        ):
            if options.has("format"):
                call.out(render("{{json .}}" if template == "json" else template, one.data))
            else:
                call.out(f"{clock.write(one.time)} container {one.action} {one.record.id} (name={spec.name})")
    return 0


def _time(options: Options, name: str) -> int | None:
    if not options.has(name):
        return None
    try:
        return clock.read(options.get(name))
    except ValueError:
        raise DockerError(f"failed to parse value as time or duration: {options.get(name)!r}") from None
