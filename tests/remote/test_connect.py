"""Reaching hosts: new and changed keys, jump hosts, overload, silence."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote.connection import (
    AuthenticationFailed,
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnknown,
    RemoteError,
    Unreachable,
)
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.secrets import Question, Secret

Pools = Callable[..., Pool]
IMPATIENT: dict[str, Any] = {"watch_interval": 0.3, "watch_patience": 0.8}


def test_a_connection_is_opened_once_and_shared(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    pool = pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options)
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda _: pool.connection("a"), range(8)))
    assert len({id(connection) for connection in found}) == 1
    assert found[0].host.name == "a"
    with pytest.raises(KeyError):
        pool.connection("b")


def test_without_anybody_to_ask_an_unknown_key_is_refused_with_its_fingerprint(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    options = dataclasses.replace(options, accept_new_host_keys=False)
    printed = subprocess.run(
        ["ssh-keygen", "-lf", sshd.host_key], capture_output=True, text=True, check=True
    ).stdout.split()
    with pytest.raises(HostKeyUnknown) as refusal:
        pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options).connection("a")
    assert refusal.value.fingerprint == printed[1]
    assert refusal.value.name == f"[127.0.0.1]:{sshd.port}"
    assert not options.known_hosts.exists()


def test_the_unknown_keys_of_all_hosts_are_reviewed_together_and_once(
    sshd: Any, start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools, person: Any
) -> None:
    options = dataclasses.replace(options, accept_new_host_keys=False)
    other = start_sshd()
    hosts = {
        "a": "127.0.0.1",
        "b": {"address": "127.0.0.1", "ssh": other.ssh},
        "c": {"address": "127.0.0.1", "ssh": {"jump": "a"}},
        "me": {"address": "192.0.2.1", "transport": "local"},
    }
    network = network_of(hosts, **sshd.ssh)
    nobody, somebody = person(trusts=False), person()
    refused = pools(network, options, nobody).open_all()
    assert {name: type(outcome).__name__ for name, outcome in refused.items()} == {
        "a": "HostKeyUnknown",
        "b": "HostKeyUnknown",
        "c": "HostKeyUnknown",
        "me": "LocalConnection",
    }
    opened = pools(network, options, somebody).open_all()
    assert not [outcome for outcome in opened.values() if isinstance(outcome, RemoteError)]
    for one in (nobody, somebody):
        assert [{key.name for key in review} for review in one.reviews] == [
            {f"[127.0.0.1]:{sshd.port}", f"[127.0.0.1]:{other.port}"}
        ]
    # from now on they are known
    again = person()
    pools(network, options, again).open_all(["a", "b"])
    assert again.reviews == []


def test_a_changed_key_is_refused_whatever_is_said(
    sshd: Any, start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    other = start_sshd()
    key_type, key = other.host_key.with_suffix(".pub").read_text().split()[:2]
    options.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {key_type} {key}\n")
    with pytest.raises(HostKeyChanged, match=r"known_hosts:1"):
        pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options).connection("a")
    assert options.known_hosts.read_text() == f"[127.0.0.1]:{sshd.port} {key_type} {key}\n"


def test_a_host_with_several_keys_is_asked_for_the_known_one(
    start_sshd: Any, make_key: Any, network_of: Any, options: RemoteOptions, pools: Pools, tmp_path: Path
) -> None:
    rsa = make_key(tmp_path / "rsa", kind="rsa")
    server = start_sshd(f"HostKey {rsa}")
    key_type, key = rsa.with_suffix(".pub").read_text().split()[:2]
    options.known_hosts.write_text(f"[127.0.0.1]:{server.port} {key_type} {key}\n")
    options = dataclasses.replace(options, accept_new_host_keys=False)
    assert pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a").run(["true"]).ok


def test_thirty_connections_at_once_get_through_an_sshd_that_turns_some_away(
    start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    server = start_sshd("MaxStartups 3:50:10")
    names = [f"h{i}" for i in range(30)]
    pool = pools(network_of(dict.fromkeys(names, "127.0.0.1"), **server.ssh), options)
    opened = pool.open_all()
    assert [str(outcome) for outcome in opened.values() if isinstance(outcome, RemoteError)] == []
    assert pool.connection("h29").run(["true"]).ok


def test_where_nothing_listens_the_error_says_so_at_once(
    free_port: int, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    hosts = {"a": "127.0.0.1", "b": {"address": "no-such-name.invalid"}, "c": {}}
    opened = pools(network_of(hosts, port=free_port), options).open_all()
    assert isinstance(opened["a"], Unreachable)
    assert f"127.0.0.1:{free_port}: Connection refused" in str(opened["a"])
    assert "cannot be resolved" in str(opened["b"])
    assert "hosts.c.address" in str(opened["c"])


def test_what_is_no_sshd_is_tried_a_few_times_and_then_named(
    network_of: Any, options: RemoteOptions, pools: Pools, capfd: Any
) -> None:
    options = dataclasses.replace(options, connect_attempts=2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def hang_up() -> None:
            with contextlib.suppress(OSError):  # the test is over
                while not stopped.is_set():
                    listener.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        pool = pools(network_of({"a": "127.0.0.1"}, port=listener.getsockname()[1]), options)
        with pytest.raises(Unreachable, match=r"answers, but not as sshd does .* 2 times"):
            pool.connection("a")
        stopped.set()
    assert capfd.readouterr() == ("", "")


def test_a_server_that_says_nothing_is_given_up_after_the_connect_timeout(
    network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    options = dataclasses.replace(options, connect_attempts=1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = network_of({"a": "127.0.0.1"}, port=listener.getsockname()[1], connect_timeout="500ms")
        began = time.monotonic()
        with pytest.raises(Unreachable):
            pools(network, options).connection("a")
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("listed", [True, False])
def test_through_a_jump_host(
    listed: bool, sshd: Any, start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools, tmp_path: Path
) -> None:
    inner = start_sshd()
    jump = "gate" if listed else f"{getpass.getuser()}@127.0.0.1:{sshd.port}"
    hosts = {"a": {"address": "127.0.0.1", "ssh": {**inner.ssh, "jump": jump}}, "gate": "127.0.0.1"}
    if not listed:
        # the same key opens both
        (inner.folder / "authorized_keys").write_text(sshd.key.with_suffix(".pub").read_text())
        hosts["a"] = {"address": "127.0.0.1", "ssh": {"port": inner.port, "jump": jump}}
    pool = pools(network_of(hosts, **sshd.ssh), options)
    connection = pool.connection("a")
    port_seen = connection.run(["sh", "-c", "echo $SSH_CONNECTION"]).stdout.split()[3]
    assert port_seen == str(inner.port)
    (tmp_path / "file").write_text("x" * 100_000)
    assert len(connection.run(["cat", str(tmp_path / "file")]).stdout) == 100_000
    pool.close()
    assert not connection.alive


def test_a_jump_host_that_reaches_nothing_is_named(
    sshd: Any, free_port: int, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    hosts = {"a": {"address": "127.0.0.1", "ssh": {"port": free_port, "jump": "gate"}}, "gate": "127.0.0.1"}
    with pytest.raises(Unreachable, match=r"host a: not to be reached through the jump host gate: no way to"):
        pools(network_of(hosts, **sshd.ssh), options).connection("a")


def test_a_jump_host_that_is_not_listed_is_mended_where_the_session_names_it(
    network_of: Any, options: RemoteOptions, pools: Pools, free_port: int
) -> None:
    hosts = {"a": {"address": "127.0.0.1", "ssh": {"jump": f"me@127.0.0.1:{free_port}"}}}
    with pytest.raises(Unreachable, match=r"Connection refused.*check ssh.jump and port"):
        pools(network_of(hosts), options).connection("a")


def test_jump_hosts_that_lead_in_a_circle_or_nowhere(network_of: Any, options: RemoteOptions, pools: Pools) -> None:
    hosts = {
        "a": {"address": "127.0.0.1", "ssh": {"jump": "b"}},
        "b": {"address": "127.0.0.1", "ssh": {"jump": "a"}},
        "c": {"address": "127.0.0.1", "ssh": {"jump": "user@a:b:c"}},
    }
    opened = pools(network_of(hosts), options).open_all()
    assert "in a circle: a -> b -> a" in str(opened["a"])
    assert "in a circle: b -> a -> b" in str(opened["b"])
    assert "neither a listed host nor" in str(opened["c"])


def test_a_peer_that_falls_silent_is_noticed(
    sshd: Any, proxy_to: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    proxy = proxy_to(sshd.port)
    network = network_of({"a": "127.0.0.1"}, **{**sshd.ssh, "port": proxy.port})
    pool = pools(network, dataclasses.replace(options, **IMPATIENT))
    connection = pool.connection("a")
    assert connection.run(["sleep", "1"]).ok  # silence of the command is no silence of the peer
    proxy.silent.set()
    began = time.monotonic()
    with pytest.raises(ConnectionLost, match="has not answered for"):
        connection.run(["sleep", "30"], timeout=30)
    assert time.monotonic() - began < 5
    assert not connection.alive
    proxy.silent.clear()
    again = pool.connection("a")
    assert again is not connection
    assert again.run(["true"]).ok


def test_an_sshd_that_was_stopped_is_noticed_though_its_kernel_still_answers(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    pool = pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), dataclasses.replace(options, **IMPATIENT))
    connection = pool.connection("a")
    # the processes of this connection, up to the server itself
    script = f"p=$$; while [ $p != {sshd.process.pid} ]; do ps -o pid=,comm= -p $p; p=$(ps -o ppid= -p $p); done"
    mine = [line.split() for line in connection.run(["sh", "-c", script]).stdout.splitlines()]
    servers = [int(pid) for pid, name in mine if name.startswith("sshd")]
    assert servers
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionLost, match="has not answered for"):
            connection.stream(["sleep", "30"], lambda _: None, threading.Event())
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)


def test_a_slow_peer_is_not_taken_for_a_dead_one(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    pool = pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), dataclasses.replace(options, **IMPATIENT))
    lines: list[str] = []
    script = "for i in 1 2 3 4 5; do echo $i; sleep 0.4; done"
    assert pool.connection("a").stream(["sh", "-c", script], lines.append, threading.Event()) == 0
    assert lines == ["1", "2", "3", "4", "5"]


def test_a_killed_server_is_noticed_and_connected_to_again(
    start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    server = start_sshd()
    pool = pools(network_of({"a": "127.0.0.1"}, **server.ssh), options)
    connection = pool.connection("a")
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(connection.run, ["sleep", "30"])
        time.sleep(0.3)
        server.stop()
        with pytest.raises(ConnectionLost, match="closed the connection"):
            running.result(10)
    with pytest.raises(Unreachable):
        pool.connection("a")
    server.start()
    assert pool.connection("a").run(["echo", "back"]).stdout == "back\n"


def test_after_the_run_nothing_is_opened(sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools) -> None:
    with pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options) as pool:
        connection = pool.connection("a")
    assert not connection.alive
    with pytest.raises(Unreachable, match="the run is over"):
        pool.connection("a")


def test_a_key_that_the_server_does_not_know(
    sshd: Any, make_key: Any, network_of: Any, options: RemoteOptions, pools: Pools, tmp_path: Path
) -> None:
    stranger = make_key(tmp_path / "stranger")
    network = network_of({"a": "127.0.0.1"}, **{**sshd.ssh, "key": str(stranger)})
    with pytest.raises(AuthenticationFailed, match=r"the server refused .*stranger.*authorized_keys"):
        pools(network, options).connection("a")


def test_each_host_is_told_of_as_soon_as_it_is_known(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools, free_port: int
) -> None:
    options = dataclasses.replace(options, accept_new_host_keys=False)
    network = network_of(
        {"away": {"address": "127.0.0.1", "ssh": {"port": free_port}}, "here": "127.0.0.1"}, **sshd.ssh
    )
    told: list[str] = []

    class Somebody:
        trusts = True

        def secret(self, question: Question) -> Secret | None:
            raise AssertionError(question)

        def accept_host_keys(self, unknown: Any) -> bool:
            told.append("review")
            return self.trusts

    somebody = Somebody()
    opened = pools(network, options, somebody).open_all(on_outcome=lambda name, _: told.append(name))
    assert told == ["away", "review", "here"]
    assert list(opened) == ["away", "here"]

    told.clear()
    somebody.trusts = False
    fresh = dataclasses.replace(options, known_hosts=options.known_hosts.with_name("others"))
    opened = pools(network, fresh, somebody).open_all(on_outcome=lambda name, _: told.append(name))
    assert told == ["away", "review", "here"]
    assert isinstance(opened["here"], HostKeyUnknown)
