"""One file a phase; each has a `SPEC`."""

from __future__ import annotations

from fabwiz.deploy.phase import Phase, PhaseSpec


def phases_until(last: Phase | None = None) -> tuple[PhaseSpec, ...]:
    """The phases in order, up to and with `last`."""
    from fabwiz.deploy.phases import (
        anchors,
        chaincode,
        channels,
        check,
        distribute,
        generate,
        images,
        kafka,
        orderers,
        peers,
        preflight,
        zookeeper,
    )

    modules = (
        preflight,
        generate,
        distribute,
        images,
        zookeeper,
        kafka,
        orderers,
        peers,
        channels,
        anchors,
        chaincode,
        check,
    )
    specs = tuple(module.SPEC for module in modules)
    if last is None:
        return specs
    return specs[: [spec.phase for spec in specs].index(last) + 1]
