"""What a wait that was in vain tells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fabwiz.deploy.docker import parse_containers
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.run import HostFacts, Run, Seen
from fabwiz.remote.connection import ConnectionLost

ROW = '{{"Names": "{}", "ID": "1", "Image": "i", "Labels": "fabwiz.network=lan4", "Status": "{}"}}'


def test_it_names_the_containers_that_do_not_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "a": ROW.format("kafka1", "Restarting (1) 7 seconds ago"),
        "b": ROW.format("kafka2", "Up 3 minutes"),
        "c": "",
    }

    def docker(host: str) -> SimpleNamespace:
        if host not in rows:
            raise ConnectionLost(host, "the connection is lost", "")
        return SimpleNamespace(containers=lambda: {c.name: c for c in parse_containers(rows[host])})

    monkeypatch.setattr(run, "docker", docker)
    run.facts = {host: HostFacts() for host in run.network.hosts}

    with pytest.raises(StepFailed) as failure:
        run.wait(lambda: Seen(False, "2 of 4"), 0.0, "Kafka is not complete", run.network.kafka)

    assert failure.value.message == (
        "Kafka is not complete: not within 0s; last seen: 2 of 4; "
        "kafka1: Restarting (1) 7 seconds ago; kafka3: no such container"
    )
