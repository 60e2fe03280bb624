"""The Docker engine's API, as far as a peer needs it, through the mounted socket."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.parse
from typing import Any


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class DockerSocket:
    """An engine behind a socket file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def _get(self, path: str) -> tuple[int, Any]:
        connection = _UnixConnection(self._path)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def networks(self) -> list[str]:
        """Names of the host's networks. Raises OSError."""
        return [network["Name"] for network in self._get("/networks")[1]]

    def image_error(self, name: str) -> str | None:
        """What the engine says against an image: a stand-in pulls nothing, so it must be there."""
        try:
            status, answer = self._get(f"/images/{urllib.parse.quote(name)}/json")
        except OSError as error:
            return f"dial unix {self._path}: {str(error).lower()}"
        return None if status == 200 else str(answer.get("message", status))
