"""The whole deployment on rehearsal hosts, over SSH, from nothing to the chaincode's answers."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.deploy import down
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import Phase, PhaseSpec
from fabwiz.deploy.replay import replay
from fabwiz.deploy.status import heights, status
from fabwiz.session.examples import names
from fabwiz.session.network import Network
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("name", names())
def test_every_example_goes_from_nothing_to_the_answers_and_then_changes_nothing(name: str, tmp_path: Path) -> None:
    session = session_of(name)
    with site_for(session, tmp_path) as site:
        outcome = site.replay()

        assert errors(outcome) == []
        assert [e.phase for e in site.events if e.event is Kind.PHASE and e.status is not Status.STARTED] == list(Phase)
        answers = " ".join(str(event.message) for event in site.said("check", Status.DONE))
        for chaincode in session.chaincodes.values():
            for call in chaincode.check:
                assert call.expect is None or f"= {call.expect}" in answers
        with site.run() as run:
            assert [row.node.name for row in status(run) if not row.runs] == []
            for peers in heights(run).values():
                assert len(set(peers.values())) == 1

        again = site.replay()

        assert (again.changed, errors(again)) == (0, [])
        assert "nothing to change" in str(site.events[-1].message)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    """The four-host session, on hosts that nothing was done to."""
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        yield site


def test_each_host_gets_its_bundle_and_nothing_else(lan4: Site) -> None:
    assert errors(lan4.replay(until=Phase.DISTRIBUTE)) == []

    network = Network(lan4.hosts.session)
    for host in network.hosts.values():
        folder = lan4.hosts.folder(host.name) / "fs" / f"opt/fabwiz/{network.name}"
        manifest = read_manifest(lan4.session_file.with_suffix(".fabwiz") / "artifacts/hosts" / host.name)
        there = {
            path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
            for path in folder.rglob("*") if path.is_file()
        }  # fmt: skip
        there.pop("manifest.json")
        assert manifest
        assert there == {entry.path: entry.mode for entry in manifest.files}


def test_a_run_that_stopped_is_taken_up_where_it_was(lan4: Site) -> None:
    assert errors(lan4.replay(until=Phase.KAFKA)) == []

    outcome = lan4.replay()

    assert errors(outcome) == []
    assert {e.status for e in lan4.said("kafka") if e.host} == {Status.STARTED, Status.SKIPPED}
    assert Status.DONE in {e.status for e in lan4.said("orderers") if e.host}


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(lan4: Site) -> None:
    outcome = lan4.replay(dry_run=True)

    assert errors(outcome) == []
    assert "would: start zk1" in [event.message for event in lan4.events]
    assert not (lan4.session_file.with_suffix(".fabwiz") / "artifacts").exists()
    assert not list(lan4.hosts.folder("a").glob("fs/opt/fabwiz/*/*"))


def test_a_host_that_is_away_is_refused_before_anything_is_changed(lan4: Site) -> None:
    lan4.hosts.crash("b")

    outcome = lan4.replay()

    assert failed_phase(outcome) == Phase.PREFLIGHT
    assert [failure.step.host for failure in outcome.failures] == ["b"]
    assert not (lan4.session_file.with_suffix(".fabwiz") / "artifacts").exists()


def test_an_unknown_host_key_is_refused_with_its_fingerprint(lan4: Site, tmp_path: Path) -> None:
    outcome = lan4.replay(known_hosts=tmp_path / "empty")

    assert failed_phase(outcome) == Phase.PREFLIGHT
    assert all("SHA256:" in message for message in errors(outcome))


def test_a_host_without_docker_is_told_by_the_preflight(tmp_path: Path) -> None:
    with site_for(session_of("four-lan-hosts"), tmp_path, without_docker=["c"]) as site:
        outcome = site.replay()

        assert [failure.step.host for failure in outcome.failures] == ["c"]
        assert "Docker" in errors(outcome)[0]
        assert "install Docker" in str(outcome.failures[0].error.remedy)


@pytest.mark.parametrize("compose", ["v1", "v2"])
def test_either_compose_will_do(compose: str, tmp_path: Path) -> None:
    session = session_of("four-lan-hosts")
    with site_for(session, tmp_path, compose=dict.fromkeys(session.hosts, compose)) as site:
        assert errors(site.replay(until=Phase.ZOOKEEPER)) == []


def test_a_host_that_crashed_comes_back_with_its_containers_and_the_run_goes_on(lan4: Site) -> None:
    assert errors(lan4.replay(until=Phase.KAFKA)) == []
    lan4.hosts.crash("d")
    lan4.hosts.start("d")

    outcome = lan4.replay()

    assert errors(outcome) == []
    assert "all 4 brokers are registered" in [event.message for event in lan4.said("kafka")]


def test_a_container_that_somebody_removed_is_started_again_alone(lan4: Site) -> None:
    assert errors(lan4.replay(until=Phase.KAFKA)) == []
    with lan4.run() as run:
        run.connection("d").run(["docker", "rm", "-f", "kafka4"], root=True).check()

    outcome = lan4.replay(until=Phase.KAFKA)

    assert errors(outcome) == []
    assert [(e.host, e.message) for e in lan4.said("kafka", Status.DONE) if e.host] == [("d", "started kafka4")]


def test_two_brokers_with_one_id_end_the_step_at_once_with_the_cause(tmp_path: Path) -> None:
    session = changed(session_of("four-lan-hosts"), ("kafka", "kafka2"), {"host": "b", "id": 1})
    with site_for(session, tmp_path) as site:
        outcome = site.replay()

        (failure,) = outcome.failures
        assert failed_phase(outcome) == Phase.KAFKA
        assert failure.error.known == "6"
        assert failure.error.cause
        assert outcome.seconds < session.timeouts.kafka / 2


def test_a_new_version_of_the_chaincode_is_an_upgrade(lan4: Site) -> None:
    assert errors(lan4.replay()) == []
    spec = lan4.hosts.session.chaincodes["mycc"].model_dump(exclude_unset=True)

    newer = changed(lan4.hosts.session, ("chaincodes", "mycc"), spec | {"version": "2.0"})
    outcome = lan4.replay(newer)

    assert errors(outcome) == []
    assert any("upgraded" in str(e.message) for e in lan4.said("chaincode", Status.DONE))


def test_an_answer_that_is_not_expected_fails_and_says_both(lan4: Site) -> None:
    spec = lan4.hosts.session.chaincodes["mycc"].model_dump(exclude_unset=True)
    wrong = changed(
        lan4.hosts.session, ("chaincodes", "mycc"), spec | {"check": [{"query": ["query", "a"], "expect": "7"}]}
    )

    outcome = lan4.replay(wrong)

    assert failed_phase(outcome) == Phase.CHECK
    assert "query a = 7, but the answer is '100'" in errors(outcome)[0]


def test_an_invocation_is_not_sent_twice_when_a_run_is_resumed(lan4: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    assert errors(lan4.replay(until=Phase.CHAINCODE)) == []
    with lan4.run() as run:
        passed = run.journal.append

        def die_after_sending(kind: str, **values: Any) -> None:
            passed(kind, **values)
            if kind == "check-passed":
                raise Killed

        monkeypatch.setattr(run.journal, "append", die_after_sending)
        with pytest.raises(Killed):
            replay(run)
    journal = lan4.session_file.with_suffix(".fabwiz") / "journal.jsonl"
    kept = [line for line in journal.read_text().splitlines() if json.loads(line)["kind"] != "check-passed"]
    journal.write_text("\n".join(kept) + "\n")

    outcome = lan4.replay()

    assert errors(outcome) == []
    assert sum(json.loads(line)["kind"] == "check-sent" for line in journal.read_text().splitlines()) == 1


def test_logs_come_home_once_each_also_when_the_connection_breaks(lan4: Site) -> None:
    with lan4.run() as run:
        assert not replay(run, Phase.ZOOKEEPER).failures
        run.connection("a").close()
        assert not replay(run, Phase.KAFKA).failures
    assert errors(lan4.replay(until=Phase.KAFKA)) == []

    logs = lan4.session_file.with_suffix(".fabwiz") / "logs"
    for name in ("zk1", "kafka1", "kafka4"):
        lines = (logs / f"{name}.log").read_text().splitlines()
        assert lines
        assert len(lines) == len(set(lines))
        assert [line.split(" ")[0] for line in lines] == sorted(line.split(" ")[0] for line in lines)
    assert any(event.event is Kind.LOG and event.node == "kafka1" for event in lan4.events) or lines


@pytest.mark.parametrize("data", [False, True])
def test_down_takes_the_network_away_and_nothing_else(lan4: Site, data: bool) -> None:
    assert errors(lan4.replay(until=Phase.KAFKA)) == []
    neighbour = lan4.hosts.folder("a") / "fs/opt/fabwiz" / lan4.hosts.session.name / "neighbour.txt"
    neighbour.write_text("not ours")

    with lan4.run() as run:
        outcome = execute(run, [PhaseSpec("down", "take away", "", lambda network: down.stages(network, data))])
        rows = status(run)
        again = execute(run, [PhaseSpec("down", "take away", "", lambda network: down.stages(network, data))])

    assert errors(outcome) == []
    assert {row.state for row in rows} == {"missing"}
    assert again.changed == 0
    assert neighbour.read_text() == "not ours"
    assert (neighbour.parent / "docker-compose.yaml").exists() is not data
