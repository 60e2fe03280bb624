"""Keys, passphrases and passwords."""

from __future__ import annotations

import dataclasses
import getpass
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fabwiz.remote.connection import AuthenticationFailed, RemoteError
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.secrets import SecretKind

Pools = Callable[..., Pool]


class PasswordRules(paramiko.ServerInterface):
    """Lets in whoever knows the password, by one method only."""

    def __init__(self, server: PasswordServer) -> None:
        self.server = server

    def get_allowed_auths(self, username: str) -> str:
        return self.server.method

    def _judge(self, password: str) -> int:
        self.server.seen.append(password)
        return 0 if password == self.server.password else 2

    def check_auth_password(self, username: str, password: str) -> int:
        return self._judge(password) if self.server.method == "password" else 2

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        return paramiko.server.InteractiveQuery("login", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: Any) -> int:
        return self._judge(responses[0])

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return 0

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._execute, args=(channel, command), daemon=True).start()
        return True

    def _execute(self, channel: paramiko.Channel, command: bytes) -> None:
        with suppress(OSError):  # whoever asked may be gone
            self._answer(channel, command)

    def _answer(self, channel: paramiko.Channel, command: bytes) -> None:
        with subprocess.Popen(["sh", "-c", command], stdin=-1, stdout=-1, stderr=-1, start_new_session=True) as process:
            assert process.stdin
            process.stdin.write(channel.recv(65536))
            process.stdin.flush()
            assert process.stdout
            assert process.stderr
            out, err = process.stdout.read(), process.stderr.read()  # its input stays open until then
        channel.sendall(out)
        channel.sendall_stderr(err)
        channel.send_exit_status(process.returncode)
        channel.close()


@dataclass
class PasswordServer:
    """An SSH server that takes a password, which OpenSSH's does not do without root and PAM."""

    method: str = "password"
    password: str = "right"
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host_key = paramiko.ECDSAKey.generate()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.transports: list[paramiko.Transport] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def ssh(self) -> dict[str, Any]:
        return {"port": self.listener.getsockname()[1], "agent": False, "password": "ask", "user": "deploy"}

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            self.transports.append(transport)
            with suppress(paramiko.SSHException, EOFError):  # it may have gone already
                transport.start_server(event=threading.Event(), server=PasswordRules(self))

    def close(self) -> None:
        self.listener.close()
        for transport in self.transports:
            transport.close()


@pytest.fixture
def password_server() -> Iterator[Callable[..., PasswordServer]]:
    made: list[PasswordServer] = []

    def make(*args: Any) -> PasswordServer:
        made.append(PasswordServer(*args))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_password_is_asked_for_once_for_all_hosts_of_a_user(
    method: str, password_server: Any, network_of: Any, options: RemoteOptions, pools: Pools, person: Any
) -> None:
    server = password_server(method)
    operator = person({"password": ["right"]})
    pool = pools(network_of({"a": "127.0.0.1", "b": "127.0.0.1"}, **server.ssh), options, operator)
    assert not [outcome for outcome in pool.open_all().values() if isinstance(outcome, RemoteError)]
    assert operator.questions == ["password of deploy"]
    assert pool.connection("a").run(["echo", "in"]).stdout == "in\n"


def test_a_mistyped_password_is_asked_for_again(
    password_server: Any, network_of: Any, options: RemoteOptions, pools: Pools, person: Any
) -> None:
    server = password_server()
    operator = person({"password": ["wrong", "right"]})
    pools(network_of({"a": "127.0.0.1"}, **server.ssh), options, operator).connection("a")
    assert operator.questions == ["password of deploy", "password of deploy (the one before was refused)"]
    assert server.seen == ["wrong", "right"]


@pytest.mark.parametrize("source", ["environment", "descriptor"])
def test_a_headless_run_gets_its_password_from(
    source: str,
    password_server: Any,
    network_of: Any,
    options: RemoteOptions,
    pools: Pools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = password_server()
    reader, writer = os.pipe()
    os.write(writer, b"right\n")
    os.close(writer)
    if source == "environment":
        monkeypatch.setenv("FABWIZ_SSH_PASSWORD", "right")
    else:
        options = dataclasses.replace(options, secret_fds={SecretKind.PASSWORD: reader})
    assert pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a").alive
    os.close(reader)


def test_a_wrong_password_from_the_environment_is_tried_once_and_not_shown(
    password_server: Any, network_of: Any, options: RemoteOptions, pools: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = password_server()
    monkeypatch.setenv("FABWIZ_SSH_PASSWORD", "mistaken-secret")
    with pytest.raises(
        AuthenticationFailed, match="login as deploy failed: the server refused the password"
    ) as refusal:
        pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a")
    assert server.seen == ["mistaken-secret"]
    assert "mistaken-secret" not in str(refusal.value)


def test_without_a_password_the_error_says_where_it_would_come_from(
    password_server: Any, network_of: Any, options: RemoteOptions, pools: Pools
) -> None:
    network = network_of({"a": "127.0.0.1"}, **password_server().ssh)
    with pytest.raises(
        AuthenticationFailed, match=r"a password is to be used, and none was given.*FABWIZ_SSH_PASSWORD"
    ) as refusal:
        pools(network, options).connection("a")
    assert "there was no key" not in str(refusal.value)
    assert "set ssh.password" not in str(refusal.value)


def test_a_password_is_not_even_asked_for_unless_the_session_says_so(
    password_server: Any, network_of: Any, options: RemoteOptions, pools: Pools, person: Any
) -> None:
    server, operator = password_server(), person({"password": ["right"]})
    network = network_of({"a": "127.0.0.1"}, **{**server.ssh, "password": None})
    with pytest.raises(AuthenticationFailed, match=r"it takes passwords only: set ssh.password: ask"):
        pools(network, options, operator).connection("a")
    assert operator.questions == []


@pytest.fixture
def encrypted(sshd: Any, make_key: Any, tmp_path: Path) -> Iterator[Path]:
    """A key with a passphrase that the server knows."""
    key: Path = make_key(tmp_path / "id_encrypted", passphrase="open sesame")
    authorized = sshd.folder / "authorized_keys"
    before = authorized.read_text()
    authorized.write_text(before + key.with_suffix(".pub").read_text())
    yield key
    authorized.write_text(before)


def test_a_passphrase_is_asked_for_once_for_all_hosts(
    sshd: Any, encrypted: Path, network_of: Any, options: RemoteOptions, pools: Pools, person: Any
) -> None:
    operator = person({"passphrase": ["wrong", "open sesame"]})
    network = network_of({f"h{i}": "127.0.0.1" for i in range(4)}, **{**sshd.ssh, "key": str(encrypted)})
    opened = pools(network, options, operator).open_all()
    assert not [outcome for outcome in opened.values() if isinstance(outcome, RemoteError)]
    assert operator.questions == [
        f"passphrase for {encrypted}",
        f"passphrase for {encrypted} (the one before was refused)",
    ]


def test_a_key_with_a_passphrase_in_a_headless_run(
    sshd: Any,
    encrypted: Path,
    network_of: Any,
    options: RemoteOptions,
    pools: Pools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = network_of({"a": "127.0.0.1"}, **{**sshd.ssh, "key": str(encrypted)})
    with pytest.raises(AuthenticationFailed, match=r"needs a passphrase.*FABWIZ_KEY_PASSPHRASE"):
        pools(network, options).connection("a")
    monkeypatch.setenv("FABWIZ_KEY_PASSPHRASE", "open sesame")
    assert pools(network, options).connection("a").alive


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa", "pem"])
def test_kinds_of_key_files(
    kind: str, sshd: Any, make_key: Any, network_of: Any, options: RemoteOptions, pools: Pools, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "id", kind="rsa" if kind == "pem" else kind)
    if kind == "pem":
        subprocess.run(["ssh-keygen", "-q", "-p", "-m", "PEM", "-N", "", "-f", key], check=True, capture_output=True)
    with (sshd.folder / "authorized_keys").open("a") as authorized:
        authorized.write(key.with_suffix(".pub").read_text())
    # relative to the folder of the session file
    network = network_of({"a": "127.0.0.1"}, **{**sshd.ssh, "key": "id"})
    assert pools(network, dataclasses.replace(options, base=tmp_path)).connection("a").alive


def test_too_many_keys_are_named_as_the_reason(
    start_sshd: Any,
    make_key: Any,
    network_of: Any,
    options: RemoteOptions,
    pools: Pools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = start_sshd("MaxAuthTries 2")
    (tmp_path / ".ssh").mkdir()
    for kind in ("ed25519", "ecdsa", "rsa"):
        make_key(tmp_path / ".ssh" / f"id_{kind}", kind=kind)
    monkeypatch.setenv("HOME", str(tmp_path))
    network = network_of({"a": "127.0.0.1"}, port=server.port, agent=False, user=getpass.getuser())
    with pytest.raises(AuthenticationFailed, match=r"name the right key as ssh\.key"):
        pools(network, dataclasses.replace(options, default_keys=True)).connection("a")


def test_keys_of_the_home_folder_are_tried_and_those_with_a_passphrase_last(
    sshd: Any,
    encrypted: Path,
    make_key: Any,
    network_of: Any,
    options: RemoteOptions,
    pools: Pools,
    person: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".ssh").mkdir()
    encrypted.rename(tmp_path / ".ssh" / "id_ed25519")
    make_key(tmp_path / ".ssh" / "id_rsa", kind="rsa")
    monkeypatch.setenv("HOME", str(tmp_path))
    network = network_of({"a": "127.0.0.1"}, port=sshd.port, agent=False, user=getpass.getuser())
    options, operator = dataclasses.replace(options, default_keys=True), person({"passphrase": ["open sesame"]})
    with pytest.raises(AuthenticationFailed, match=r"refused .*id_rsa"):
        pools(network, options).connection("a")
    assert pools(network, options, operator).connection("a").alive
    assert operator.questions == [f"passphrase for {tmp_path}/.ssh/id_ed25519"]


def test_a_key_file_that_cannot_be_used_is_named(
    sshd: Any, network_of: Any, options: RemoteOptions, pools: Pools, tmp_path: Path
) -> None:
    def attempt(key: Path) -> str:
        network = network_of({"a": "127.0.0.1"}, **{**sshd.ssh, "key": str(key)})
        with pytest.raises(AuthenticationFailed) as failure:
            pools(network, options).connection("a")
        return str(failure.value)

    assert "missing cannot be read: No such file or directory" in attempt(tmp_path / "missing")
    assert "hosts.a.ssh.key" in attempt(tmp_path / "missing")
    assert "no private key that can be used: it holds a public key" in attempt(sshd.key.with_suffix(".pub"))

    bad = tmp_path / "bad"
    whole = sshd.key.read_bytes()
    for content, said in {
        b"": "the file is empty",
        b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n": "puttygen",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n": "it holds a certificate",
        whole[: len(whole) // 2] + b"\n-----END OPENSSH PRIVATE KEY-----\n": "it is damaged, or of a kind",
        b"\x00\xffno key\x1b[2J": "it holds something else",
    }.items():
        bad.write_bytes(content)
        told = attempt(bad)
        assert said in told
        assert "hosts.a.ssh.key" in told
        assert not any(word in told for word in ("deserialize", "OpenSSL", "ASN.1", "library", "\x1b"))

    key = tmp_path / "certified"
    key.write_bytes(whole)
    (tmp_path / "certified-cert.pub").write_text("nonsense\n")
    assert "certified-cert.pub, which lies beside it, is no certificate for it" in attempt(key)


def test_keys_of_the_agent_are_tried(
    sshd: Any,
    network_of: Any,
    options: RemoteOptions,
    pools: Pools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket_path = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket_path], stdout=subprocess.DEVNULL)
    try:
        while not socket_path.exists():
            assert agent.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket_path))
        subprocess.run(["ssh-add", "-q", sshd.key], check=True, capture_output=True)
        network = network_of({"a": "127.0.0.1"}, port=sshd.port)
        assert pools(network, options).connection("a").alive
        # it is left alone where the session says so
        without = network_of({"a": "127.0.0.1"}, port=sshd.port, agent=False)
        with pytest.raises(AuthenticationFailed, match="there was no key to offer"):
            pools(without, options).connection("a")
    finally:
        agent.terminate()
        agent.wait()
