"""One member of a ZooKeeper ensemble: who leads, and the tree of ephemeral nodes that the leader keeps.

A stand-in for the election and for sessions: the protocol between members is this module's own, but they reach each
other as ZOO_SERVERS and the container's name resolution say, on the peer and election ports.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.remote.rehearsal.wire import TcpService, receive_frame, send_frame, shut

_SERVER = re.compile(r"^server\.(\d+)=([^:\s]+):(\d+):(\d+)(?::\w+)?(?:;\d+)?$")


@dataclass(frozen=True, slots=True)
class Server:
    """A line of ZOO_SERVERS."""

    id: int
    host: str
    peer_port: int
    election_port: int


def parse_servers(text: str) -> dict[int, Server]:
    """Read ZOO_SERVERS. Raises Exit with ZooKeeper's words for a line that is none."""
    found = {}
    for item in text.split():
        match = _SERVER.match(item)
        if not match:
            raise Exit(2, f"Invalid config, exiting abnormally: {item} does not have the form host:port:port")
        server = Server(int(match[1]), match[2], int(match[3]), int(match[4]))
        found[server.id] = server
    return found


_SESSION_BASE = 0x100000000000000
_LEAST_TIMEOUT, _MOST_TIMEOUT = 4.0, 40.0
"""Seconds: 2 and 20 ticks, ZooKeeper's defaults of minSessionTimeout and maxSessionTimeout."""


@dataclass(slots=True)
class Lease:
    """A session: its connection, how long it outlives that, and until when if it has none."""

    timeout: float
    connection: socket.socket | None = None
    until: float | None = None


class Tree:
    """Ephemeral nodes, sessions and the cluster's id; lives with the leader.

    A session whose client hangs up without a farewell lives on until its timeout, and its nodes with it.
    """

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self._nodes: dict[str, tuple[int, Any]] = {}
        self._sessions: dict[int, Lease] = {}
        self._lock = threading.Lock()
        self._next = _SESSION_BASE + (secrets.randbits(24) << 16)

    @property
    def size(self) -> int:
        """How many nodes it has."""
        with self._lock:
            self._expire()
            return len(self._nodes)

    def serve(self, sock: socket.socket, began: Callable[[int, float], None]) -> None:
        """Serve one connection until it ends; `began` is told its session and timeout."""
        request, _ = receive_frame(sock)
        session, lease = self._open(request, sock)
        try:
            send_frame(sock, {"session": session, "timeout": lease.timeout})
            began(session, lease.timeout)
            while True:
                request, _ = receive_frame(sock)
                send_frame(sock, self._answer(session, request))
        finally:
            with self._lock:
                if lease.connection is sock:  # else its client came back on another one
                    lease.until = time.monotonic() + lease.timeout

    def _open(self, request: dict[str, Any], sock: socket.socket) -> tuple[int, Lease]:
        with self._lock:
            self._expire()
            session = int(request["session"])
            if session not in self._sessions:
                self._next += 1
                session = self._next
                asked = float(request["timeout"])
                self._sessions[session] = Lease(min(max(asked, _LEAST_TIMEOUT), _MOST_TIMEOUT))
            lease = self._sessions[session]
            lease.connection, lease.until = sock, None
            return session, lease

    def _answer(self, session: int, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._expire()
            if request["op"] == "close":
                self._end({session})
                raise EOFError("the session is closed")
            if request["op"] == "create":
                if request["path"] in self._nodes:
                    return {"error": "NodeExists", "owner": self._nodes[request["path"]][0]}
                self._nodes[request["path"]] = (session, request["data"])
            return {"cluster": self.cluster, "nodes": {path: data for path, (_, data) in self._nodes.items()}}

    def _expire(self) -> None:
        now = time.monotonic()
        self._end({session for session, lease in self._sessions.items() if lease.until and lease.until < now})

    def _end(self, sessions: set[int]) -> None:
        for session in sessions:
            self._sessions.pop(session, None)
        self._nodes = {path: node for path, node in self._nodes.items() if node[0] in self._sessions}

    def dump(self) -> str:
        """What `dump` prints on a leader (ZooKeeper 3.4)."""
        with self._lock:
            self._expire()
            owners: dict[int, list[str]] = {}
            for path, (session, _) in sorted(self._nodes.items()):
                owners.setdefault(session, []).append(path)
            sessions = list(self._sessions)
        lines = ["SessionTracker dump:", f"Session Sets ({len(sessions)}):", *(f"\t{s:#x}" for s in sessions)]
        lines += ["ephemeral nodes dump:", f"Sessions with Ephemerals ({len(owners)}):"]
        for session, paths in owners.items():
            lines += [f"{session:#x}:", *(f"\t{path}" for path in paths)]
        return "\n".join(lines) + "\n"


class Member:
    """This server's part in the ensemble. `mode` is leader, follower, standalone, or None while it serves nobody."""

    def __init__(self, context: Context, my_id: int, servers: dict[int, Server], data: Path) -> None:
        self._context = context
        self._id = my_id
        self._servers = servers
        self._cluster_file = data / "cluster-id"
        self._lock = threading.RLock()
        self.leader: int | None = None
        self.tree: Tree | None = None
        self._sessions: set[socket.socket] = set()
        self.clients: dict[socket.socket, str] = {}
        """What `cons` prints of each client's connection, as long as it is open."""
        own = servers[my_id]
        self._services = [
            TcpService(context.addresses(own.election_port), self._vote),
            TcpService(context.addresses(own.peer_port), self._as_leader),
        ]

    @property
    def mode(self) -> str | None:
        """What `srvr` says after `Mode:`."""
        if len(self._servers) == 1 and self.leader:
            return "standalone"
        if self.leader is None:
            return None
        return "leader" if self.leader == self._id else "follower"

    def run(self) -> None:
        """Take part until the container stops."""
        if len(self._servers) == 1:
            self._lead([])
            self._context.stop.wait()
        complained: set[int] = set()
        self._context.log("[QuorumPeer] - LOOKING")
        while not self._context.sleep(0.1 if self.leader is None else 0.4):
            answers = []
            for server in self._servers.values():
                if server.id == self._id:
                    continue
                answer = self._ask(server)
                if answer is None:
                    if server.id not in complained:
                        complained.add(server.id)
                        self._context.log(
                            f"[QuorumCnxManager] - WARN Cannot open channel to {server.id} at election address "
                            f"{server.host}/{server.host}:{server.election_port}"
                        )
                elif answer["id"] == server.id:
                    complained.discard(server.id)
                    answers.append(answer)
            self._decide(answers)
        self._drop(None)
        for service in self._services:
            service.close()

    def _ask(self, server: Server) -> dict[str, Any] | None:
        try:
            with self._context.dial(server.host, server.election_port, 1.0) as sock:
                send_frame(sock, {"from": self._id})
                answer, _ = receive_frame(sock)
                return answer
        except (OSError, EOFError, ValueError):
            return None

    def _vote(self, sock: socket.socket) -> None:
        receive_frame(sock)
        cluster = self._cluster_file.read_text() if self._cluster_file.exists() else None
        send_frame(sock, {"id": self._id, "leader": self.leader, "cluster": cluster})

    def _decide(self, answers: list[dict[str, Any]]) -> None:
        if len(answers) + 1 <= len(self._servers) // 2:
            if self.leader is not None:
                self._context.log("[QuorumPeer] - WARN Exception when following the leader: lost the quorum; LOOKING")
            self._drop(None)
            return
        leading = [answer["id"] for answer in answers if answer["leader"] == answer["id"]]
        if self.leader == self._id:
            leading.append(self._id)
        if leading:
            self._follow(max(leading), answers)
        elif max(self._id, *(answer["id"] for answer in answers)) == self._id:
            self._lead(answers)

    def _lead(self, answers: list[dict[str, Any]]) -> None:
        known = [a["cluster"] for a in answers if a["cluster"]]
        if not self._cluster_file.exists():
            self._cluster_file.write_text(known[0] if known else secrets.token_urlsafe(16))
        with self._lock:
            self.tree = Tree(self._cluster_file.read_text())
            self.leader = self._id
        self._context.log("[QuorumPeer] - LEADING - LEADER ELECTION TOOK - 200")

    def _follow(self, leader: int, answers: list[dict[str, Any]]) -> None:
        if leader == self.leader:
            return
        if leader == self._id:
            return
        cluster = next(a["cluster"] for a in answers if a["id"] == leader)
        self._drop(None)
        try:
            server = self._servers[leader]
            self._context.dial(server.host, server.peer_port, 1.0).close()
        except OSError as error:
            self._context.log(f"[Learner] - WARN Unexpected exception, connectToLeader: {error}")
            return
        if cluster:
            self._cluster_file.write_text(cluster)
        self._drop(leader)
        self._context.log("[QuorumPeer] - FOLLOWING - LEADER ELECTION TOOK - 200")

    def _drop(self, leader: int | None) -> None:
        """Change sides: every session that hangs on the old one ends."""
        with self._lock:
            changed = leader != self.leader
            self.leader = leader
            if leader != self._id:
                self.tree = None
            sessions = list(self._sessions) if changed else []
        for sock in sessions:
            shut(sock)

    def _as_leader(self, sock: socket.socket) -> None:
        """A follower hands a session on."""
        tree = self.tree
        if tree:
            self._kept(sock, lambda client: tree.serve(client, lambda session, timeout: None))

    def session(self, sock: socket.socket) -> None:
        """Serve a client's session: here if this member leads, else through the leader."""
        tree, leader = self.tree, self.leader
        note = partial(self._note, sock)
        try:
            if tree:
                self._kept(sock, lambda client: tree.serve(client, note))
            elif leader:
                server = self._servers[leader]
                with self._context.dial(server.host, server.peer_port, 1.0) as upstream:
                    upstream.settimeout(None)
                    self._kept(sock, lambda client: self._relay(client, upstream, note))
        finally:
            self.clients.pop(sock, None)

    def _note(self, sock: socket.socket, session: int, timeout: float) -> None:
        host, port = sock.getpeername()[:2]
        self.clients[sock] = (
            f" /{host}:{port}[1](queued=0,recved=1,sent=1,sid={session:#x},lop=SESS,est={time.time() * 1000:.0f},"
            f"to={timeout * 1000:.0f},lcxid=0x1,lzxid=0x1,lresp={time.time() * 1000:.0f},"
            "llat=0,minlat=0,avglat=0,maxlat=0)"
        )

    def _kept(self, sock: socket.socket, serve: Any) -> None:
        self._sessions.add(sock)
        try:
            serve(sock)
        finally:
            self._sessions.discard(sock)

    @staticmethod
    def _relay(client: socket.socket, upstream: socket.socket, began: Callable[[int, float], None]) -> None:
        with contextlib.suppress(OSError, EOFError):
            send_frame(upstream, *receive_frame(client))
            opened, _ = receive_frame(upstream)
            send_frame(client, opened)
            began(int(opened["session"]), float(opened["timeout"]))
            while True:
                send_frame(upstream, *receive_frame(client))
                send_frame(client, *receive_frame(upstream))
