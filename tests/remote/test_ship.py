"""Large files to real SSH servers and to this machine: whole, resumable, verified, and with little under way."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fabwiz.remote import scripts
from fabwiz.remote import ship as shipping
from fabwiz.remote.connection import CommandFailed, Connection, ConnectionLost, TimedOut
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.ship import Shipped, ship
from fabwiz.session.network import Network
from tests.sshd import Sshd

SIZE = 6_000_000
DATA = random.Random(1).randbytes(SIZE // 2) + b"compresses well " * (SIZE // 32)


@dataclass
class Cargo:
    """Bytes in pieces of odd sizes."""

    data: bytes = DATA
    compressed: bool = False
    taken: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), 777_777):
            self.taken += 1
            yield self.data[start : start + 777_777]


def send(connection: Connection, path: Path, cargo: Cargo | None = None) -> Shipped | None:
    return ship(connection, cargo or Cargo(), str(path), threading.Event(), lambda _arrived, _total: None)


def stopped_half_way(connection: Connection, path: Path) -> int:
    """Send until a third has arrived; returns what is there."""
    stop = threading.Event()

    def stop_there(arrived: int, total: int) -> None:
        if arrived > total / 3:
            stop.set()

    begun = time.monotonic()
    assert ship(connection, Cargo(), str(path), stop, stop_there) is None
    assert time.monotonic() - begun < 10
    return path.stat().st_size


@pytest.mark.parametrize("compressed", [False, True])
def test_all_of_it_arrives_for_its_owner_alone(connection: Connection, tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "new folder" / "it's"
    seen: list[tuple[int, int]] = []

    done = ship(connection, Cargo(compressed=compressed), str(path), threading.Event(), lambda *it: seen.append(it))

    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert seen == sorted(seen)
    assert seen[-1] == (SIZE, SIZE)
    assert done
    is_gzipped = connection.host.transport == "ssh" and not compressed
    assert (done.wire_bytes < SIZE * 0.6) if is_gzipped else (done.wire_bytes == SIZE)


def test_nothing_is_sent_of_what_is_there(connection: Connection, tmp_path: Path) -> None:
    send(connection, tmp_path / "it")

    assert send(connection, tmp_path / "it") == Shipped(SIZE, 0)


def test_a_transfer_that_was_stopped_goes_on_where_it_was(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "it"
    there = stopped_half_way(connection, path)
    assert SIZE / 4 < there < SIZE
    assert path.read_bytes() == DATA[:there]

    done = send(connection, path, Cargo(compressed=True))

    assert done == Shipped(there, SIZE - there)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize(
    "there",
    [b"something else", DATA[:100] + b"?", DATA + b"and more", b""],
    ids=["other", "spoiled", "longer", "empty"],
)
def test_what_is_not_its_beginning_is_sent_anew(connection: Connection, tmp_path: Path, there: bytes) -> None:
    path = tmp_path / "it"
    path.write_bytes(there)

    done = send(connection, path)

    assert done
    assert done.resumed_at == 0
    assert path.read_bytes() == DATA


def test_a_folder_or_a_link_in_its_place_does_no_harm(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"not ours")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    (tmp_path / "folder").mkdir()

    for name in ("link", "folder"):
        send(connection, tmp_path / name)
        assert (tmp_path / name).read_bytes() == DATA
    assert (tmp_path / "other").read_bytes() == b"not ours"


def test_what_is_spoiled_on_the_way_is_noticed_and_thrown_away(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "it"

    def spoil(_arrived: int, _total: int) -> None:
        with path.open("r+b") as file:
            file.write(b"!")

    with pytest.raises(CommandFailed, match="checksum differs"):
        ship(connection, Cargo(), str(path), threading.Event(), spoil)

    assert not path.exists()
    assert send(connection, path)


def test_a_broken_connection_leaves_what_arrived(
    sshd: Sshd,
    options: RemoteOptions,
    pools: Callable[..., Pool],
    network_of: Callable[..., Network],
    tmp_path: Path,
) -> None:
    pool = pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options)
    connection, path = pool.connection("a"), tmp_path / "it"

    def cut(arrived: int, total: int) -> None:
        if arrived > total / 3:
            connection.close()

    with pytest.raises(ConnectionLost):
        ship(connection, Cargo(), str(path), threading.Event(), cut)
    there = path.stat().st_size
    assert there > SIZE / 4

    done = send(pool.connection("a"), path)

    assert done
    assert done.resumed_at >= there
    assert path.read_bytes() == DATA


def stand_in(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that goes before the machine's own."""
    (folder / "bin").mkdir()
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


def test_a_full_disk_is_told_in_its_own_words(
    locally: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = f'[ "$(stat -c %s {tmp_path}/it)" -gt 1000000 ] || exec /bin/cat "$@"\n'
    full += 'echo "cat: write error: No space left on device" >&2; exit 1'
    stand_in(tmp_path, "cat", full, monkeypatch)

    with pytest.raises(CommandFailed, match="No space left on device") as told:
        send(locally, tmp_path / "it")

    assert "disk space" in told.value.remedy
    assert (tmp_path / "it").read_bytes() == DATA[: (tmp_path / "it").stat().st_size]


def test_a_transfer_that_hangs_is_given_up(
    locally: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "IDLE", 1.0)
    stand_in(
        tmp_path, "dd", f'[ "$(stat -c %s {tmp_path}/it)" -gt 1000000 ] && sleep 60; exec /bin/dd "$@"', monkeypatch
    )

    with pytest.raises(TimedOut, match=r"no progress for 1 s; \d{7} of 6000000 bytes had arrived"):
        send(locally, tmp_path / "it")


def test_a_host_without_gzip_gets_plain_pieces(over_ssh: Connection, tmp_path: Path) -> None:
    asked = scripts.PART.replace("command -v gzip", "command -v no-such-tool")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripts, "PART", asked)
        assert send(over_ssh, tmp_path / "it") == Shipped(0, SIZE)


def test_little_of_it_is_in_memory(locally: Connection, tmp_path: Path) -> None:
    class Large:
        size = 100 << 20
        compressed = False

        def pieces(self) -> Iterator[bytes]:
            for number in range(100):
                yield bytes([number]) * (1 << 20)

    tracemalloc.start()
    try:
        ship(locally, Large(), str(tmp_path / "it"), threading.Event(), lambda _arrived, _total: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20 << 20
    wanted = hashlib.sha256(b"".join(bytes([number]) * (1 << 20) for number in range(100))).hexdigest()
    with (tmp_path / "it").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == wanted
