"""`images.source: load` on rehearsal hosts: what is missing is sent, once, and goes on where it broke off."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fabwiz.artifacts.images import images_of_host
from fabwiz.deploy import down, image_sender
from fabwiz.deploy.errors import Interrupted
from fabwiz.deploy.events import Event, Kind, Status
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.phase import Phase, PhaseSpec
from fabwiz.deploy.phases import images
from fabwiz.session.model import PeerSpec, Session
from fabwiz.session.network import Network
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for
from tests.image_archives import FakeImage, docker_files, fake_image, save, tar_of

pytestmark = pytest.mark.timeout(180)

ORDERER, PEER = "hyperledger/fabric-orderer:1.4.0", "hyperledger/fabric-peer:1.4.0"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Two hosts of the four-host session, which are to be sent their images: one that orders, one with a peer."""
    session = changed(session_of("four-lan-hosts"), ("images",), {"source": "load"})
    fewer = {
        "hosts": {name: session.hosts[name] for name in "ab"},
        "zookeeper": {"zk1": session.zookeeper["zk1"]},
        "kafka": {"kafka1": session.kafka["kafka1"]},
        "orderers": {"orderer1": session.orderers["orderer1"]},
        "organizations": {
            name: org.model_copy(update={"peers": {"peer0": PeerSpec(host=host)}, "anchors": []})
            for (name, org), host in zip(session.organizations.items(), "ab", strict=True)
        },
    }
    with site_for(session.model_copy(update=fewer), tmp_path) as site:
        yield site


def load_images(site: Site, session: Session | None = None, dry: bool = False) -> Outcome:
    """The phase alone."""
    with site.run(session) as run:
        run.dry = dry
        return execute(run, [images.SPEC])


def images_of(site: Site) -> dict[str, list[str]]:
    network = Network(site.hosts.session)
    return {host: images_of_host(network, host) for host in network.hosts}


def stock(site: Site, **large: int) -> dict[str, FakeImage]:
    """Archives of all images, each its own; `orderer=SIZE` makes one of that size, which does not compress."""
    made = {}
    for name in {name for names in images_of(site).values() for name in names}:
        size = next((size for part, size in large.items() if f"-{part}:" in name), 0)
        layers = (tar_of([("data", random.Random(name).randbytes(size))]),) if size else None
        made[name] = FakeImage(name, layers) if layers else fake_image(name)
        save(site.session_file.parent / "images" / f"{name.replace('/', '_')}.tar", made[name])
    return made


def there(site: Site, host: str) -> dict[str, str]:
    """Names and ids of the images on a host."""
    script = "docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'"
    said = list(site.events)
    with site.run() as run:
        answer = run.connection(host).run(["sh", "-c", script], root=True).check()
    site.events.extend(said)
    return dict(line.split(" ") for line in answer.stdout.splitlines())


def docker(site: Site, host: str, *argv: str) -> None:
    with site.run() as run:
        run.connection(host).run(["docker", *argv], root=True).check()


def folder(site: Site, host: str) -> Path:
    return Path(Network(site.hosts.session).hosts[host].remote_dir) / ".images"


def talk(site: Site, host: str) -> list[str]:
    """What was said of a host while its images were brought."""
    return [str(e.message) for e in site.events if e.event is Kind.LOG and e.host == host and e.phase == Phase.IMAGES]


def told(site: Site, host: str) -> str:
    """How its step ended."""
    (event,) = [e for e in site.said("images") if e.host == host and e.status is not Status.STARTED]
    return str(event.message)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece is told."""
    monkeypatch.setattr(image_sender, "_MOST_OFTEN", 0.0)
    monkeypatch.setattr(image_sender, "_SHARE", 0.0)


def when_a_third_has_arrived(site: Site, host: str, act: Callable[[], Any]) -> None:
    """Do something once, in the middle of a transfer to a host."""
    done: list[bool] = []
    remember = site.events.append

    class Watching(list[Event]):
        def append(self, event: Event) -> None:
            remember(event)
            large = event.total is not None and event.total > 1_000_000 and (event.bytes or 0) > event.total / 3
            if event.host == host and large and not done:
                done.append(True)
                act()

    site.events = Watching(site.events)
    remember = super(Watching, site.events).append


def test_each_host_is_sent_its_own_and_then_nothing(site: Site) -> None:
    stocked = stock(site)

    assert errors(load_images(site)) == []

    for host, names in images_of(site).items():
        assert there(site, host) == {name: stocked[name].id for name in names}
        assert not folder(site, host).exists()
    again = load_images(site)
    assert (again.changed, errors(again)) == (0, [])
    assert {told(site, host) for host in "ab"} == {f"all {len(n)} images are there" for n in images_of(site).values()}


def test_the_whole_job_runs_on_images_that_were_sent(tmp_path: Path) -> None:
    session = changed(session_of("three-orgs-one-host"), ("images",), {"source": "load", "archives": "tars"})
    with site_for(session, tmp_path) as site:
        (names,) = images_of(site).values()
        save(site.session_file.parent / "tars" / "all.tgz", *map(fake_image, names))

        assert errors(site.replay()) == []


def test_all_hosts_are_served_at_once_and_progress_is_told(site: Site, often: None) -> None:
    stock(site, peer=400_000)

    assert errors(load_images(site)) == []

    steps = [e.status for e in site.said("images")]
    assert steps == sorted(steps, key=lambda status: status is not Status.STARTED)
    progress = [json.loads(e.as_json()) for e in site.events if e.bytes and e.host == "a"]
    assert [(e["event"], e["phase"]) for e in progress] == [("log", "images")] * len(progress)
    of_peer = [e for e in progress if e["message"].startswith(PEER)]
    assert of_peer[-1]["bytes"] == of_peer[-1]["total"] > 400_000
    assert "MB/s" in of_peer[-1]["message"]


def test_what_a_host_has_by_id_is_not_sent(site: Site, tmp_path: Path) -> None:
    stocked = stock(site)
    archive = save(tmp_path / "peer.tar", stocked[PEER])
    docker(site, "a", "load", "-i", str(archive))
    docker(site, "b", "load", "-i", str(archive))
    docker(site, "b", "tag", stocked[PEER].id, "somebody/else:1")
    docker(site, "b", "rmi", PEER)

    assert errors(load_images(site)) == []

    assert PEER not in told(site, "a")
    assert ORDERER in told(site, "a")
    assert told(site, "b").endswith(f"named {PEER}")
    assert there(site, "b")[PEER] == stocked[PEER].id
    assert not [line for host in "ab" for line in talk(site, host) if PEER in line]
    assert f"{ORDERER}: sending" in " ".join(talk(site, "a"))


def test_another_image_of_the_same_name_loses_it_and_that_is_told(site: Site) -> None:
    stocked = stock(site)
    docker(site, "a", "pull", PEER)
    pulled = there(site, "a")[PEER]

    assert errors(load_images(site)) == []

    assert there(site, "a")[PEER] == stocked[PEER].id != pulled
    assert f"{PEER} is another image there ({pulled[7:19]})" in " ".join(talk(site, "a"))


def test_layers_that_a_host_has_are_not_sent_again(site: Site, often: None) -> None:
    stock(site)
    base = tar_of([("base", random.Random(0).randbytes(500_000))])
    sharing = [fake_image(name, base=base) for name in (ORDERER, PEER)]
    for image in sharing:
        save(site.session_file.parent / "images" / f"{image.name.replace('/', '_')}.tar", image)

    assert errors(load_images(site)) == []

    totals = {
        e.total for e in site.events if e.host == "a" and e.total and (e.message or "").startswith((ORDERER, PEER))
    }
    assert sorted(total > 500_000 for total in totals) == [False, True]
    assert {there(site, "a")[image.name] for image in sharing} == {image.id for image in sharing}


def test_a_docker_that_wants_all_layers_gets_them(site: Site) -> None:
    stocked = stock(site)
    first = images_of(site)["a"][0]
    alike = FakeImage("x:1", stocked[first].layers)
    docker(site, "a", "load", "-i", str(save(site.session_file.parent / "x.tar", alike)))
    real, once = site.hosts.folder("a") / "bin" / "docker", site.session_file.parent / "once"
    real.rename(real.with_name("docker.real"))
    refuse = (
        f'if [ "$1" = load ] && [ ! -e {once} ]; then : >{once}; echo "open layer.tar: no such file" >&2; exit 1; fi'
    )
    stand_in(site, "a", "docker", f'{refuse}\nexec {real.with_name("docker.real")} "$@"')

    assert errors(load_images(site)) == []

    assert f"{first}: Docker wants layers that it seemed to have; sending all of them" in talk(site, "a")
    assert there(site, "a")[first] == stocked[first].id


def test_a_run_that_is_stopped_in_the_middle_goes_on_there(site: Site, often: None) -> None:
    stock(site, orderer=8_000_000)
    with site.run() as run:
        when_a_third_has_arrived(site, "a", run.stop)
        run.emit._sinks[:] = [site.events.append]
        with pytest.raises(Interrupted):
            execute(run, [images.SPEC])
    (part,) = folder(site, "a").iterdir()
    size = part.stat().st_size
    assert part.stat().st_mode & 0o777 == 0o600
    assert 2_000_000 < size < 8_000_000

    assert errors(load_images(site)) == []

    arrived = [e.bytes for e in site.events if e.host == "a" and e.bytes and (e.message or "").startswith(ORDERER)]
    assert min(arrived) > size
    sent = float(told(site, "a").split(" MB on the line")[0].rpartition(" ")[2]) * 1e6
    assert sent < 8_100_000 - size + 400_000


def test_a_host_that_crashes_in_the_middle_goes_on_there(site: Site, often: None) -> None:
    stock(site, orderer=8_000_000)
    with site.run() as run:
        when_a_third_has_arrived(site, "a", lambda: site.hosts.crash("a"))
        run.emit._sinks[:] = [site.events.append]
        outcome = execute(run, [images.SPEC])
    assert failed_phase(outcome) == Phase.IMAGES
    assert [failure.step.host for failure in outcome.failures] == ["a"]
    (part,) = folder(site, "a").iterdir()
    size = part.stat().st_size
    assert size > 2_000_000
    site.hosts.start("a")

    assert errors(load_images(site)) == []

    arrived = [e.bytes for e in site.events if e.host == "a" and e.bytes and (e.message or "").startswith(ORDERER)]
    assert min(arrived) > size


def test_what_arrives_damaged_is_sent_again_and_never_loaded(site: Site, often: None) -> None:
    stocked = stock(site, orderer=3_000_000)

    def spoil() -> None:
        for path in folder(site, "a").glob("*.part"):
            with path.open("r+b") as file:
                file.write(b"!")

    with site.run() as run:
        when_a_third_has_arrived(site, "a", spoil)
        run.emit._sinks[:] = [site.events.append]
        assert errors(execute(run, [images.SPEC])) == []
        said = talk(site, "a")

    assert f"{ORDERER} arrived damaged, its checksum differs; sending it again" in said
    assert there(site, "a")[ORDERER] == stocked[ORDERER].id


def test_a_layer_that_is_damaged_in_the_archive_is_told_with_the_way_out(site: Site) -> None:
    stocked = stock(site)
    files = [
        (name, data[:-600] + b"!" * 600 if name.endswith("layer.tar") and isinstance(data, bytes) else data)
        for name, data in docker_files([stocked[ORDERER]])
    ]
    archive = site.session_file.parent / "images" / f"{ORDERER.replace('/', '_')}.tar"
    archive.write_bytes(tar_of(files))

    outcome = load_images(site)

    assert {failure.step.host for failure in outcome.failures} == {
        host for host, names in images_of(site).items() if ORDERER in names
    }
    assert str(archive) in errors(outcome)[0]
    assert f"docker pull {ORDERER} && docker save -o" in str(outcome.failures[0].error.remedy)
    assert ORDERER not in there(site, "a")


def stand_in(site: Site, host: str, name: str, script: str) -> None:
    path = site.hosts.folder(host) / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_disk_that_is_too_small_is_refused_with_figures_before_anything_is_sent(site: Site) -> None:
    stock(site, orderer=60_000_000)
    stand_in(site, "a", "df", "echo header; echo /dev/sda1 200000 1 97656 99% /srv")

    outcome = load_images(site)

    (message,) = errors(outcome)
    assert "/srv has 100 MB free and needs 180 MB" in message
    assert outcome.failures[0].step.host == "a"
    assert there(site, "a") == {}


def test_archives_for_another_architecture_are_refused(site: Site) -> None:
    stock(site)
    archive = site.session_file.parent / "images" / f"{PEER.replace('/', '_')}.tar"
    save(archive, fake_image(PEER, architecture="arm64"))

    outcome = load_images(site)

    assert "its architecture is amd64" in errors(outcome)[0]
    assert f"{PEER} (arm64)" in errors(outcome)[0]
    assert "--platform linux/amd64" in str(outcome.failures[0].error.remedy)


def test_what_an_earlier_session_left_half_way_goes(site: Site) -> None:
    stock(site)
    assert errors(load_images(site)) == []
    folder(site, "a").mkdir()
    (folder(site, "a") / f"{'0' * 64}.tar.part").write_bytes(b"half")

    assert errors(load_images(site)) == []

    assert told(site, "a") == "removed what an earlier transfer had left"
    assert not folder(site, "a").exists()


def test_an_image_with_two_names_travels_once(site: Site) -> None:
    session = changed(
        site.hosts.session,
        ("images",),
        {"source": "load", "overrides": {"builder": "one:1", "runtime": "two:1", "peer": "two:2", "kafka": "k:1"}},
    )
    both = fake_image("one:1")
    files = docker_files([both])
    (manifest,) = json.loads(dict(files)["manifest.json"])
    manifest["RepoTags"] = ["one:1", "two:1", "two:2"]
    stock(site)
    folder_here = site.session_file.parent / "images"
    save(folder_here / "k.tar", fake_image("k:1"))
    (folder_here / "both.tar").write_bytes(tar_of([*files[:-1], ("manifest.json", json.dumps([manifest]).encode())]))

    assert errors(load_images(site, session)) == []

    assert told(site, "b").endswith("; named one:1, two:1")
    assert len([line for line in talk(site, "b") if "loading into Docker" in line and "two" in line]) == 1
    assert {there(site, "b")[name] for name in ("one:1", "two:1", "two:2")} == {both.id}
    assert load_images(site, session).changed == 0


def test_taking_the_network_away_takes_what_was_on_its_way(site: Site) -> None:
    folder(site, "a").mkdir(parents=True)
    (folder(site, "a") / f"{'0' * 64}.tar.part").write_bytes(b"half")
    (folder(site, "a").parent / "manifest.json").write_text("{}")

    with site.run() as run:
        spec = PhaseSpec("down", "take away", "", lambda network: down.stages(network, True))
        assert errors(execute(run, [spec])) == []

    assert not folder(site, "a").parent.exists()


def test_a_dry_run_only_looks(site: Site) -> None:
    stock(site)

    outcome = load_images(site, dry=True)

    assert errors(outcome) == []
    assert told(site, "a").startswith("would: have")
    assert there(site, "a") == {}
