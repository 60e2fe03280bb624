"""Images sent to real SSH servers and to this machine; only Docker is a stand-in."""

from __future__ import annotations

import getpass
import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fabwiz.artifacts.images import images_of_host
from fabwiz.deploy.errors import Interrupted
from fabwiz.deploy.events import Emitter, Event
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.phases import images
from fabwiz.deploy.replay import prepare
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.model import HostSpec, Session, Ssh
from fabwiz.session.network import Network
from tests.deploy.sites import changed, errors, session_of
from tests.image_archives import FakeImage, fake_image, oci_files, save, tar_of
from tests.sshd import Sshd

pytestmark = pytest.mark.timeout(180)


@dataclass
class Place:
    """One host, the operator's folder, and what became of it."""

    session: Session
    folder: Path
    docker: Path

    def load(self, watch: Callable[[Event, Callable[[], None]], None] | None = None) -> Outcome:
        network = Network(self.session)
        options = RemoteOptions(
            accept_new_host_keys=True,
            known_hosts=self.folder / "known_hosts",
            user_known_hosts=None,
            default_keys=False,
            connect_attempts=12,
        )
        emit = Emitter(lambda event: watch(event, run.stop) if watch else None)
        run = prepare(network, self.folder / "session.yaml", Pool(network, options, HeadlessAsker()), emit)
        try:
            return execute(run, [images.SPEC])
        finally:
            run.close()

    @property
    def names(self) -> list[str]:
        return images_of_host(Network(self.session), "here")

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.docker.read_text())
        return state

    def stock(self, **large: int) -> list[FakeImage]:
        """One archive with all images, in the format of newer Docker."""
        made = [fake_image(name, size=large.get(name.split("-")[1].split(":")[0], 20_000)) for name in self.names]
        path = save(self.folder / "images" / "all.tar", *made)
        path.write_bytes(tar_of(oci_files(made, zipped=False)))
        return made


@pytest.fixture(params=["over SSH", "this machine"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "bin").mkdir()
    script = Path(__file__).with_name("docker_with_images.py")
    docker = tmp_path / "docker.json"
    (tmp_path / "bin" / "docker").write_text(
        f"#!/bin/sh\nDOCKER_IMAGES='{docker}' exec {sys.executable} -I -S {script} \"$@\"\n"
    )
    (tmp_path / "bin" / "docker").chmod(0o755)
    remote_dir = str(tmp_path / "host/opt/fabwiz/threeorgs")
    if request.param == "over SSH":
        start_sshd: Callable[..., Sshd] = request.getfixturevalue("start_sshd")
        server = start_sshd(f'SetEnv "PATH={tmp_path / "bin"}:/usr/bin:/bin"')
        ssh = Ssh(user=getpass.getuser(), port=server.port, key=str(server.key), agent=False, sudo="never")
        here = HostSpec(address="127.0.0.1", ssh=ssh, remote_dir=remote_dir)
    else:
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        here = HostSpec(transport="local", ssh=Ssh(sudo="never"), remote_dir=remote_dir)
    session = changed(session_of("three-orgs-one-host"), ("images",), {"source": "load"})
    return Place(session.model_copy(update={"hosts": {"here": here}, "ssh": Ssh()}), tmp_path, docker)


def test_images_arrive_and_a_second_run_only_looks(place: Place) -> None:
    made = place.stock()

    assert errors(place.load()) == []

    assert place.state["names"] == {image.name: image.id for image in made}
    assert not list((place.folder / "host/opt/fabwiz/threeorgs").iterdir())
    calls = len(place.state["calls"])
    assert place.load().changed == 0
    assert not [call for call in place.state["calls"][calls:] if call[0] in ("load", "tag")]


def test_a_run_that_is_stopped_leaves_a_private_part_and_goes_on_behind_it(place: Place) -> None:
    made = place.stock(zookeeper=12_000_000)
    large = made[0]
    folder = place.folder / "host/opt/fabwiz/threeorgs/.images"

    def stop_soon(event: Event, stop: Callable[[], None]) -> None:
        if event.total and event.total > 1_000_000 and event.bytes:
            stop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fabwiz.deploy.image_sender._MOST_OFTEN", 0.0)
        patch.setattr("fabwiz.deploy.image_sender._SHARE", 0.2)
        with pytest.raises(Interrupted):
            place.load(stop_soon)
        (part,) = folder.iterdir()
        size = part.stat().st_size
        assert size > 1_000_000
        assert (stat.S_IMODE(part.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
        arrived: list[int] = []

        assert errors(place.load(lambda event, _: arrived.append(event.bytes) if event.bytes else None)) == []

    assert arrived[0] > size
    assert place.state["names"][large.name] == large.id
