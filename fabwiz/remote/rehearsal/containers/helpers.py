"""CouchDB and the tools container: they run and log; CouchDB answers that it is there."""

from __future__ import annotations

import json
import socket

from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.wire import TcpService

COUCHDB_PORT = 5984


def couchdb(context: Context) -> int:
    """Answer every HTTP request on 5984 with CouchDB's welcome."""
    body = json.dumps({"couchdb": "Welcome", "version": "2.3.1", "vendor": {"name": "fabwiz rehearsal"}}).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def welcome(sock: socket.socket) -> None:
        while sock.recv(1 << 16):
            sock.sendall(answer)

    service = TcpService(context.addresses(COUCHDB_PORT), welcome)
    context.log("[info] Apache CouchDB has started. Time to relax.")
    context.stop.wait()
    service.close()
    return 0


def tools(context: Context) -> int:
    """Be there, as a shell would."""
    context.log("tools container ready (rehearsal: it has no peer binary)")
    context.stop.wait()
    return 0
