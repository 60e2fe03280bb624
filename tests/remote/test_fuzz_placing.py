"""Whatever a host says about the files that lie there: a report, or an error of the connection's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from hypothesis import given

from fabwiz.remote import transfer
from fabwiz.remote.connection import BundleFile, RemoteError, Result
from fabwiz.remote.privilege import detect
from fabwiz.remote.secrets import SecretStore
from fabwiz.remote.shell import ShellConnection
from fabwiz.remote.ship import ship
from tests.fuzzing import FUZZ, mutated

LOOK = """mode 81a4 ./docker-compose.yaml
sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  ./docker-compose.yaml
litter
TOKEN
{"files": [{"path": "a/b", "mode": "0600", "sha256": "00"}, {"path": "../../etc/passwd"}, {"path": "/etc/passwd"}]}
TOKEN
{"files": [{"path": "x/../../y", "mode": "0600", "sha256": "00"}]}
"""
FACTS = "uid=1000\nable=1\nsudo=1\npasswordless=1\n"
PART = "gzip \nsize 1048576\nsum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"


class Says:
    """A host that answers everything alike."""

    def __init__(self, host: Any, text: str) -> None:
        self.host = host
        self.text = text

    def run(self, argv: list[str], **_: Any) -> Result:
        token = argv[5] if len(argv) > 5 else ""
        return Result("a", tuple(argv), 0, self.text.replace("TOKEN", token), "")

    def feed(self, argv: list[str], source: Any, stop: threading.Event, **_: Any) -> int:
        source.heard("go")
        for line in self.text.splitlines():
            source.heard(line)
            source.give()
        return 0


def test_fuzz_what_lies_there(tmp_path: Path, network_of: Any) -> None:
    host = network_of({"a": "192.0.2.1"}).hosts["a"]
    content = b"services: {}\n"
    (tmp_path / "docker-compose.yaml").write_bytes(content)
    files = [BundleFile("docker-compose.yaml", 0o644, hashlib.sha256(content).hexdigest())]

    @FUZZ
    @given(mutated([LOOK]))
    def check(text: str) -> None:
        connection = cast(ShellConnection, Says(host, text))
        report = transfer.put_bundle(connection, tmp_path, files, "/opt/fabwiz/net", only_look=True)
        for path in report.removed:
            assert not path.startswith("/")
            assert ".." not in path.split("/")

    check()


def test_fuzz_rights_and_parts(network_of: Any) -> None:
    host = network_of({"a": "192.0.2.1"}).hosts["a"]

    class Cargo:
        size = 2048
        compressed = True

        def pieces(self) -> Iterator[bytes]:
            yield bytes(2048)

    @FUZZ
    @given(mutated([FACTS, PART, "go\nok\nok\n"]))
    def check(text: str) -> None:
        says = Says(host, text)
        with suppress(RemoteError):
            detect(host, lambda argv, _: says.run(list(argv)), SecretStore(lambda _: None, environment={}))
            ship(cast(Any, says), Cargo(), "/opt/x", threading.Event(), lambda _have, _all: None)

    check()
