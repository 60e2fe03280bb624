"""A stand-in for a ZooKeeper server: four-letter words as ZooKeeper 3.4 answers them, sessions for brokers."""

from __future__ import annotations

import socket

from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.remote.rehearsal.containers.ensemble import Member, Server, parse_servers
from fabwiz.remote.rehearsal.wire import TcpService

SESSION = b"fzrh"
"""What a client says instead of a four-letter word to open a session of the rehearsal's own kind."""
NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"


def zookeeper(context: Context) -> int:
    """Run a server from ZOO_MY_ID, ZOO_SERVERS, ZOO_PORT and its data volume."""
    port = int(context.setting("ZOO_PORT", "2181"))
    data = context.path(context.setting("ZOO_DATA_DIR", "/data"))
    data.mkdir(parents=True, exist_ok=True)
    myid = data / "myid"
    if not myid.exists():  # the image's entrypoint: an existing file wins
        myid.write_text(context.setting("ZOO_MY_ID", "1"))
    my_id = int(myid.read_text())
    if not 1 <= my_id <= 255:
        raise Exit(2, f"java.lang.IllegalArgumentException: serverid {my_id} is out of range 1 to 255")
    servers = parse_servers(context.setting("ZOO_SERVERS")) or {my_id: Server(my_id, "0.0.0.0", 2888, 3888)}  # noqa: S104
    if my_id not in servers:
        raise Exit(2, f"java.lang.RuntimeException: My id {my_id} not in the peer list")
    _check_own(context, servers[my_id])
    try:
        member = Member(context, my_id, servers, data)
        words = Words(context, member)
        service = TcpService(context.addresses(port), words.serve)
    except OSError as error:
        raise Exit(1, f"java.net.BindException: {error.strerror}") from error
    words.service = service
    context.log(f"[main:NIOServerCnxnFactory] - INFO binding to port 0.0.0.0/0.0.0.0:{port}")
    member.run()
    service.close()
    return 0


def _check_own(context: Context, own: Server) -> None:
    """A server binds its election port to its own entry's address: that must be the container's."""
    if own.host == "0.0.0.0":  # noqa: S104
        return
    try:
        address = context.resolve(own.host)
    except OSError as error:
        raise Exit(1, f"java.net.UnknownHostException: {own.host}: {error}") from error
    if address != context.address:
        raise Exit(
            1,
            f"[QuorumCnxManager$Listener] - ERROR Exception while listening\njava.net.BindException: "
            f"Cannot assign requested address ({own.host}/{address}:{own.election_port})",
        )


class Words:
    """The client port."""

    def __init__(self, context: Context, member: Member) -> None:
        self._context = context
        self._member = member
        self.service: TcpService | None = None

    def serve(self, sock: socket.socket) -> None:
        """Answer one four-letter word, or hold a session."""
        sock.settimeout(10)
        word = b""
        while len(word) < 4 and (more := sock.recv(4 - len(word))):
            word += more
        if word == SESSION:
            if self._member.mode:
                sock.settimeout(None)
                self._member.session(sock)
            return
        sock.sendall(self.answer(word.decode("ascii", "replace")).encode())

    def answer(self, word: str) -> str:
        """What a four-letter word gets; an unknown one gets nothing."""
        if word == "ruok":
            return "imok"
        mode, release = self._member.mode, self._context.release
        if word == "conf":
            return f"clientPort={self._context.setting('ZOO_PORT', '2181')}\n"
        if word not in ("srvr", "stat", "dump", "mntr", "cons", "isro"):
            return ""
        if mode is None:
            return NOT_SERVING
        if word == "isro":
            return "rw"
        if word == "dump":
            tree = self._member.tree
            return (
                tree.dump() if tree else "SessionTracker dump:\nephemeral nodes dump:\nSessions with Ephemerals (0):\n"
            )
        if word == "cons":
            return "".join(f"{line}\n" for line in list(self._member.clients.values())) + "\n"
        tree = self._member.tree
        nodes = 4 + (tree.size if tree else 0)
        open_now = self.service.connections if self.service else 1
        if word == "mntr":
            return f"zk_version\t{release.zookeeper}-rehearsal\nzk_server_state\t{mode}\nzk_znode_count\t{nodes}\n"
        version = f"Zookeeper version: {release.zookeeper}-rehearsal, built on rehearsal\n"
        clients = "Clients:\n\n" if word == "stat" else ""
        return (
            f"{version}{clients}Latency min/avg/max: 0/0/0\nReceived: 1\nSent: 0\nConnections: {open_now}\n"
            f"Outstanding: 0\nZxid: 0x0\nMode: {mode}\nNode count: {nodes}\n"
        )
