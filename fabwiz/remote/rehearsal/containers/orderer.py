"""The container of an orderer: its settings from ORDERER_... and its mounts."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2_grpc

from fabwiz.remote.rehearsal.channel.bundle import ConfigError
from fabwiz.remote.rehearsal.channel.envelopes import Signer
from fabwiz.remote.rehearsal.channel.msp import MspError
from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.remote.rehearsal.containers.grpc_server import TlsFiles, TlsProblem, serve
from fabwiz.remote.rehearsal.containers.kafka_client import KafkaClient
from fabwiz.remote.rehearsal.containers.nodelog import NodeLog
from fabwiz.remote.rehearsal.orderer.registrar import Registrar
from fabwiz.remote.rehearsal.orderer.retry import Retry
from fabwiz.remote.rehearsal.orderer.service import AtomicBroadcast
from fabwiz.remote.rehearsal.orderer.topic import TopicClientFactory

_BASE = "/etc/hyperledger/fabric"
"""FABRIC_CFG_PATH of the image: relative paths are looked up there."""


def orderer(context: Context) -> int:
    """Run an orderer of a rehearsal until the container stops."""
    if context.flag("ORDERER_KAFKA_TLS_ENABLED"):
        context.log(f"[rehearsal] {context.name}: TLS to Kafka is not rehearsed: its files are only read")
    return run_orderer(context, KafkaClient)


def run_orderer(context: Context, topic_client: TopicClientFactory) -> int:
    """Run an orderer that orders through `topic_client` until the container stops."""
    log = NodeLog(context)
    port = int(context.setting("ORDERER_GENERAL_LISTENPORT", "7050"))
    listen_on = context.setting("ORDERER_GENERAL_LISTENADDRESS", "127.0.0.1")
    folder = context.setting("ORDERER_GENERAL_LOCALMSPDIR", "msp")
    try:
        signer = Signer(context.path(folder, _BASE), context.setting("ORDERER_GENERAL_LOCALMSPID", "DEFAULT"), folder)
    except MspError as error:
        raise Exit(2, f"panic: Failed to initialize local MSP: {error}") from error
    tls = _tls(context, log)
    if context.flag("ORDERER_KAFKA_TLS_ENABLED"):
        log("[orderer/common/server] Start -> INFO [rehearsal] TLS to Kafka is not rehearsed: its files are only read")
        try:
            TlsFiles(
                context,
                context.setting("ORDERER_KAFKA_TLS_PRIVATEKEY_FILE"),
                context.setting("ORDERER_KAFKA_TLS_CERTIFICATE_FILE"),
                [context.setting("ORDERER_KAFKA_TLS_ROOTCAS_FILE")],
                _BASE,
            )
        except TlsProblem as error:  # while the configuration is decoded (common/viperutil)
            raise Exit(2, f"panic: Error unmarshaling config into struct:  {error}") from error
    ledger = context.path(context.setting("ORDERER_FILELEDGER_LOCATION", "/var/hyperledger/production/orderer"), _BASE)
    registrar = Registrar(context, log, signer, ledger, Retry.read(context), topic_client)
    try:
        if not registrar.load():
            registrar.bootstrap(_genesis(context))
    except ConfigError as error:
        raise Exit(2, f"panic: [channel: {registrar.system_name}] {error}") from error
    log(
        f"[orderer/commmon/multichannel] Initialize -> INFO Starting system channel '{registrar.system_name}' with "
        "orderer type kafka"
    )
    registrar.start()
    server = serve(
        context,
        port,
        listen_on,
        tls,
        lambda s: ab_pb2_grpc.add_AtomicBroadcastServicer_to_server(AtomicBroadcast(registrar, context, log), s),
    )
    log(f"[orderer/common/server] Start -> INFO Starting orderer:\n Version: {context.release.version} (rehearsal)")
    log("[orderer/common/server] Start -> INFO Beginning to serve requests")
    while not registrar.failed.wait(0.2):
        if context.stop.is_set():
            break
    server.stop(0.2)
    registrar.close()
    if registrar.last_words and not context.stop.is_set():
        raise Exit(2, f"panic: {registrar.last_words}")
    return 0


def _tls(context: Context, log: NodeLog) -> TlsFiles | None:
    """As orderer/common/server/main.go reads the files (1.0: orderer/main.go). Raises Exit."""
    if not context.flag("ORDERER_GENERAL_TLS_ENABLED"):
        return None
    try:
        return TlsFiles(
            context,
            context.setting("ORDERER_GENERAL_TLS_PRIVATEKEY", "tls/server.key"),
            context.setting("ORDERER_GENERAL_TLS_CERTIFICATE", "tls/server.crt"),
            context.setting("ORDERER_GENERAL_TLS_ROOTCAS").strip("[]").replace(",", " ").split(),
            _BASE,
        )
    except TlsProblem as error:
        old = context.release.number < (1, 1, 0)
        front = (
            "[orderer/main] initializeSecureServerConfig" if old else "[orderer/common/server] initializeServerConfig"
        )
        said = {
            "certificate": f"Failed to load {'ServerCertificate' if old else 'server Certificate'} file "
            f"'{error.inside}' ({error})",
            "key": f"Failed to load PrivateKey file '{error.inside}' ({error})",
            "root": f"Failed to load ServerRootCAs file '{error}' ({error.inside})",  # in this order
            "pair": f"Failed to return new GRPC server: {error}",
        }
        raise log.fatal(f"{front} -> {said[error.kind]}") from error


def _genesis(context: Context) -> common_pb2.Block:
    release = context.release
    method = context.setting("ORDERER_GENERAL_GENESISMETHOD", "provisional")
    if method != "file":
        raise Exit(2, f"panic: Unknown genesis method: {method} (a rehearsal wants `file`)")
    inside = context.setting("ORDERER_GENERAL_GENESISFILE", "genesisblock")
    path = context.path(inside, _BASE)
    if not path.is_file():
        why = "is a directory" if path.is_dir() else "no such file or directory"
        raise Exit(2, f"panic: unable to bootstrap orderer. Error reading genesis block file: open {inside}: {why}")
    try:
        return common_pb2.Block.FromString(path.read_bytes())
    except Exception as error:  # protobuf raises DecodeError, which has no public base
        raise Exit(
            2, f"panic: unable to bootstrap orderer. Error unmarshalling genesis block: {error} ({release.version})"
        ) from error
