"""The SSH server of a rehearsal host, with paramiko as its client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest
from scp import SCPClient

from fabwiz.remote.rehearsal import Rehearsal, RehearsalError
from fabwiz.session.model import Session


def test_runs_commands_with_input_output_and_exit_status(host: Any) -> None:
    answer = host.run("sh", "-c", "cat; echo oops >&2; exit 7", stdin=b"through\n")
    assert (answer.code, answer.out, answer.err) == (7, "through\n", "oops\n")


def test_carries_megabytes_both_ways(host: Any) -> None:
    blob = os.urandom(3 << 20)
    _in, out, _err = host.client.exec_command("cat")
    threading.Thread(target=lambda: (_in.channel.sendall(blob), _in.channel.shutdown_write())).start()
    assert out.read() == blob


def test_says_rehearsal_before_login(host: Any) -> None:
    with host.dial(2222) as sock:
        assert b"rehearsal" in sock.recv(100)
    assert b"rehearsal host h1" in host.client.get_transport().get_banner()


def test_refuses_other_keys_and_users(host: Any, tmp_path: Path) -> None:
    spec = host.rehearsal.session.hosts["h1"]
    stranger = paramiko.ECDSAKey.generate()
    own = paramiko.Ed25519Key.from_private_key_file(spec.ssh.key)
    for user, key in ((spec.ssh.user, stranger), ("somebody", own)):
        with socket.create_connection((spec.address, spec.ssh.port)) as sock:
            transport = paramiko.Transport(sock)
            with pytest.raises(paramiko.AuthenticationException):
                transport.connect(username=user, pkey=key)
            transport.close()


def test_scp_puts_a_file_with_its_mode(host: Any, tmp_path: Path) -> None:
    source = tmp_path / "secret"
    source.write_bytes(os.urandom(300_000))
    source.chmod(0o600)
    with SCPClient(host.client.get_transport()) as scp:
        scp.put(str(source), "arrived")
    arrived = host.rehearsal.folder("h1") / "home" / "arrived"
    assert arrived.read_bytes() == source.read_bytes()
    assert arrived.stat().st_mode & 0o777 == 0o600


def test_scp_tells_why_it_cannot_write(host: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with SCPClient(host.client.get_transport()) as scp, pytest.raises(Exception, match="No such file"):
        scp.put(str(tmp_path / "f"), "no/such/folder/f")


def test_forwards_to_the_host_itself(host: Any) -> None:
    """localhost at the far end of a forward is the rehearsal host, not this machine."""
    address = host.rehearsal.address("h1")
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        channel = host.client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 1))
        accepted, _ = server.accept()
        channel.sendall(b"ping")
        assert accepted.recv(4) == b"ping"
        accepted.sendall(b"pong")
        accepted.close()
        assert channel.makefile("rb").read() == b"pong"


def test_refuses_forwards_to_closed_ports_and_foreign_addresses(host: Any) -> None:
    for destination in (("127.0.0.1", 1), ("192.0.2.7", 22)):
        with pytest.raises(paramiko.ChannelException):
            host.client.get_transport().open_channel("direct-tcpip", destination, ("127.0.0.1", 1))


def test_ten_sessions_a_connection_as_sshd(host: Any, shell_on: Callable[..., Any]) -> None:
    transport = shell_on(host.rehearsal, "h1").client.get_transport()
    channels = [transport.open_session() for _ in range(10)]
    for channel in channels:
        channel.exec_command("cat")
    with pytest.raises(paramiko.ChannelException):
        transport.open_session()
    for channel in channels:
        channel.close()


def test_a_command_ends_when_its_channel_closes(host: Any, wait_until: Callable[..., Any]) -> None:
    _in, out, _err = host.client.exec_command("echo $$; exec sleep 300")
    pid = int(out.readline())
    out.channel.close()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_sudo_stays_inside(host: Any) -> None:
    answer = host.run("sudo", "-n", "-p", "", "--", "docker", "version", "--format", "{{.Server.Version}}")
    assert answer.out.strip().endswith("-rehearsal")


def test_hosts_have_addresses_of_their_own(small: Callable[..., Session], start: Callable[..., Rehearsal]) -> None:
    given = small(2, ssh={"user": "root", "key": "~/.ssh/id_ed25519"})
    first, second = start(given), start(given)
    addresses = {r.session.hosts[h].address for r in (first, second) for h in ("h1", "h2")}
    assert len(addresses) == 4
    assert all(a and a.startswith("127.") for a in addresses)
    assert first.session.name == given.name
    assert first.session.model_copy(update={"hosts": given.hosts, "ssh": given.ssh}) == given


def test_crash_and_start_keep_what_is_on_disk(
    small: Callable[..., Session], start: Callable[..., Rehearsal], shell_on: Callable[..., Any]
) -> None:
    rehearsal = start(small(2))
    shell_on(rehearsal, "h1").sh("echo kept > kept; docker pull hyperledger/fabric-peer:1.4.0")
    other = shell_on(rehearsal, "h2")
    rehearsal.crash("h1")
    assert not rehearsal.running("h1")
    with pytest.raises(OSError, match=r"refused|Unable to connect"):
        shell_on(rehearsal, "h1")
    assert other.sh("echo alive").out == "alive\n"
    rehearsal.start("h1")
    again = shell_on(rehearsal, "h1").sh("cat kept; docker images --format '{{.Repository}}:{{.Tag}}'")
    assert again.out == "kept\nhyperledger/fabric-peer:1.4.0\n"


def test_nothing_outlives_a_killed_parent(tmp_path: Path, wait_until: Callable[..., Any]) -> None:
    script = textwrap.dedent("""
        import sys, time, yaml, paramiko
        from pathlib import Path
        from fabwiz.remote.rehearsal import Rehearsal
        from fabwiz.session.model import Session
        session = Session.model_validate(dict(fabwiz=1, name="n", fabric="1.4.0", hosts={"a": "192.0.2.1"},
            zookeeper={}, kafka={}, orderers={}, organizations={}))
        with Rehearsal(session, Path(sys.argv[1])) as rehearsal:
            spec = rehearsal.session.hosts["a"]
            client = paramiko.SSHClient()
            client.load_host_keys(str(rehearsal.known_hosts))
            client.connect(spec.address, spec.ssh.port, spec.ssh.user, key_filename=spec.ssh.key)
            out = client.exec_command("echo $$ $PPID; exec sleep 300")[1]
            print(out.readline(), flush=True)
            time.sleep(300)
    """)
    root = str(Path(__file__).parents[3])
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert parent.stdout
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_port_that_is_taken_everywhere_is_named(small: Callable[..., Session], tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        given = small(1, zookeeper={"zk1": {"host": "h1", "client_port": port}})
        with pytest.raises(RehearsalError, match=f"port {port}, which zk1 needs"), Rehearsal(given, tmp_path):
            pass


def test_a_frozen_host_answers_again_when_it_thaws(
    small: Callable[..., Session], start: Callable[..., Rehearsal], shell_on: Callable[..., Any]
) -> None:
    rehearsal = start(small())
    rehearsal.freeze("h1")
    with socket.create_connection((rehearsal.address("h1"), 2222), 1) as sock:
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(10)
    rehearsal.thaw("h1")
    begun = time.monotonic()
    assert shell_on(rehearsal, "h1").sh("echo back").out == "back\n"
    assert time.monotonic() - begun < 5
