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
from dataclasses import dataclass
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


class Tree:
    """Ephemeral nodes and the cluster's id; lives with the leader."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self.nodes: dict[str, tuple[int, Any]] = {}
        self.sessions: set[int] = set()
        self._lock = threading.Lock()
        self._next = secrets.randbits(24) << 16

    def serve(self, sock: socket.socket) -> None:
        """Serve one session until its connection ends; its nodes end with it."""
        with self._lock:
            self._next += 1
            session = self._next
            self.sessions.add(session)
        try:
            while True:
                request, _ = receive_frame(sock)
                send_frame(sock, self._answer(session, request))
        finally:
            with self._lock:
                self.sessions.discard(session)
                self.nodes = {path: node for path, node in self.nodes.items() if node[0] != session}

    def _answer(self, session: int, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if request["op"] == "create":
                if request["path"] in self.nodes:
                    return {"error": "NodeExists"}
                self.nodes[request["path"]] = (session, request["data"])
            return {"cluster": self.cluster, "nodes": {path: data for path, (_, data) in self.nodes.items()}}

    def dump(self) -> str:
        """What `dump` prints on a leader (ZooKeeper 3.4)."""
        with self._lock:
            owners: dict[int, list[str]] = {}
            for path, (session, _) in sorted(self.nodes.items()):
                owners.setdefault(session, []).append(path)
            sessions = len(self.sessions)
        lines = ["SessionTracker dump:", f"Session Sets ({sessions}):"]
        lines += ["ephemeral nodes dump:", f"Sessions with Ephemerals ({len(owners)}):"]
        for session, paths in owners.items():
            lines += [f"{0x100000000000000 + session:#x}:", *(f"\t{path}" for path in paths)]
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
            self._kept(sock, tree.serve)

    def session(self, sock: socket.socket) -> None:
        """Serve a client's session: here if this member leads, else through the leader."""
        tree, leader = self.tree, self.leader
        if tree:
            self._kept(sock, tree.serve)
        elif leader:
            server = self._servers[leader]
            with self._context.dial(server.host, server.peer_port, 1.0) as upstream:
                upstream.settimeout(None)
                self._kept(sock, lambda client: self._relay(client, upstream))

    def _kept(self, sock: socket.socket, serve: Any) -> None:
        self._sessions.add(sock)
        try:
            serve(sock)
        finally:
            self._sessions.discard(sock)

    @staticmethod
    def _relay(client: socket.socket, upstream: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                send_frame(upstream, *receive_frame(client))
                send_frame(client, *receive_frame(upstream))
