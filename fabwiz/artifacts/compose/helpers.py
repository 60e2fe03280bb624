"""Containers beside a peer: its CouchDB, and the familiar `cli`. Neither publishes a port."""

from __future__ import annotations

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.peer import CONFIG, logging_variable, organization_of
from fabwiz.artifacts.compose.service import Mount, Service
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.session.network import Network, Node

ORDERERS_CA = "orderers-ca.crt"


def couchdb(network: Network, node: Node) -> Service:
    """A peer's state database. Its administrator's name and password are in the env file.

    From 0.4.15 on the image declares a volume for its own settings too (the administrator, hashed): named here, it
    is labelled and goes with the rest.
    """
    data = {"data": "/opt/couchdb/data", "config": "/opt/couchdb/etc/local.d"}
    return Service(node, {}, data=data, has_secrets=True, remote_names=False)


def tools(network: Network, node: Node) -> Service:
    """A `cli` container that speaks to its peer, for operators who want one.

    It signs as the peer itself (the peer's msp, read-only): enough for queries, and for whatever members may do.
    No administrator's key ever leaves the workstation; what needs one is done from there.
    """
    session = network.session
    organization = organization_of(network, node)
    own = peer_of(network, node)
    environment = {
        logging_variable(network): session.logging.level,
        "GOPATH": "/opt/gopath",
        "CORE_PEER_ID": node.name,
        "CORE_PEER_ADDRESS": own.address,
        "CORE_PEER_LOCALMSPID": organization.msp_id,
        "CORE_PEER_MSPCONFIGPATH": f"{CONFIG}/msp",
        "CORE_PEER_TLS_ENABLED": str(session.tls).lower(),
    }
    mounts = [Mount(layout.msp(own), f"{CONFIG}/msp")]
    if network.orderers:
        environment["ORDERER_ADDRESS"] = network.orderers[0].address
    if session.tls:
        environment["CORE_PEER_TLS_ROOTCERT_FILE"] = f"{CONFIG}/tls/ca.crt"
        environment["ORDERER_CA"] = f"{CONFIG}/tls/{ORDERERS_CA}"
        mounts.append(Mount(layout.tls(node), f"{CONFIG}/tls"))
    return Service(
        node,
        environment,
        mounts=tuple(mounts),
        command=("/bin/bash",),
        after=own,
        grace="1s",
        interactive=True,
    )


def peer_of(network: Network, helper: Node) -> Node:
    """The peer that a helper stands beside. Raises ArtifactError where there is none."""
    for peer in network.peers:
        if (peer.organization, peer.key) == (helper.organization, helper.key):
            return peer
    raise ArtifactError(f"{helper.name} stands beside no peer of the session")
