"""The container of a peer: its settings from CORE_... and its mounts."""

from __future__ import annotations

import grpc
from fabric_protos.peer import events_pb2_grpc, peer_pb2_grpc

from fabwiz.remote.rehearsal.channel.bundle import ConfigError
from fabwiz.remote.rehearsal.channel.envelopes import Signer
from fabwiz.remote.rehearsal.channel.msp import MspError
from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.remote.rehearsal.containers.grpc_server import TlsFiles, TlsProblem, serve
from fabwiz.remote.rehearsal.containers.nodelog import NodeLog
from fabwiz.remote.rehearsal.peer.endorser import Endorser
from fabwiz.remote.rehearsal.peer.events import Deliver
from fabwiz.remote.rehearsal.peer.node import Node

_BASE = "/etc/hyperledger/fabric"
"""FABRIC_CFG_PATH of the image: relative paths are looked up there."""
_COUCHDB_TRIES = 10


def peer(context: Context) -> int:
    """Run a peer until the container stops."""
    log = NodeLog(context)
    listen_on, _, port = context.setting("CORE_PEER_LISTENADDRESS", "0.0.0.0:7051").rpartition(":")
    folder = context.setting("CORE_PEER_MSPCONFIGPATH", "msp")
    try:
        signer = Signer(context.path(folder, _BASE), context.setting("CORE_PEER_LOCALMSPID", "DEFAULT"), folder)
    except MspError as error:
        raise Exit(
            1, f"Cannot run peer because error when setting up MSP of type bccsp from directory {folder}: {error}"
        ) from error
    tls = _tls(context, log)
    _reach_couchdb(context, log)
    ledger = context.path(context.setting("CORE_PEER_FILESYSTEMPATH", "/var/hyperledger/production"), _BASE)
    node = Node(context, log, signer, ledger, tls is not None)

    def register(server: grpc.Server) -> None:
        peer_pb2_grpc.add_EndorserServicer_to_server(Endorser(node), server)
        if context.release.number >= (1, 1, 0):
            events_pb2_grpc.add_DeliverServicer_to_server(Deliver(node), server)

    try:
        node.load()
    except ConfigError as error:
        raise Exit(2, f"panic: {error}") from error
    server = serve(context, int(port), listen_on, tls, register)
    log(f"[nodeCmd] serve -> INFO Starting peer:\n Version: {context.release.version} (rehearsal)")
    name, address = context.setting("CORE_PEER_ID", "jdoe"), context.setting("CORE_PEER_ADDRESS")
    log(
        f'[nodeCmd] serve -> INFO Started peer with ID=[name:"{name}" ], network ID=['
        f"{context.setting('CORE_PEER_NETWORKID', 'dev')}], address=[{address}]"
    )
    context.stop.wait()
    server.stop(0.2)
    node.close()
    return 0


def _tls(context: Context, log: NodeLog) -> TlsFiles | None:
    """As core/peer/config.go and peer/node/start.go read the files. Raises Exit."""
    if not context.flag("CORE_PEER_TLS_ENABLED"):
        return None
    try:
        return TlsFiles(
            context,
            context.setting("CORE_PEER_TLS_KEY_FILE", "tls/server.key"),
            context.setting("CORE_PEER_TLS_CERT_FILE", "tls/server.crt"),
            [context.setting("CORE_PEER_TLS_ROOTCERT_FILE", "tls/ca.crt")],
            _BASE,
        )
    except TlsProblem as error:
        old = context.release.number < (1, 1, 0)
        kinds = {"certificate": "certificate", "key": "key", "root": "root certificate"}
        said = f"Error loading secure config for peer (error loading TLS {kinds.get(error.kind)} ({error}))"
        if old:  # it looks at the certificate's error only, and comes upon an empty key later
            kinds["certificate"] = "key and/or certificate"
            said = f"Error loading secure config for peer (Error loading TLS {kinds.get(error.kind)} ({error}))"
        if error.kind == "pair":
            said = f"Failed to create peer server ({error})"
        elif error.kind == "key" and old:
            said = "Failed to create peer server (tls: failed to find any PEM data in key input)"
        raise log.fatal(f"[nodeCmd] serve -> {said}") from error


def _reach_couchdb(context: Context, log: NodeLog) -> None:
    if context.setting("CORE_LEDGER_STATE_STATEDATABASE", "goleveldb") != "CouchDB":
        return
    address = context.setting("CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS", "127.0.0.1:5984")
    host, _, port = address.rpartition(":")
    why = ""
    for _ in range(_COUCHDB_TRIES):
        try:
            context.dial(host, int(port), 1.0).close()
            return
        except (OSError, ValueError) as error:
            why = str(error)
            log(
                f"[couchdb] handleRequest -> WARN Retrying couchdb request in 250ms. Attempt:1  Error:Get "
                f"http://{address}/: dial tcp: {why}"
            )
        if context.sleep(0.25):
            return
    raise Exit(
        2,
        f"panic: Error in instantiating ledger provider: Unable to connect to CouchDB, check the hostname and port: "
        f"Get http://{address}/: dial tcp: {why}",
    )
