"""Peers. Settings are those of `sampleconfig/core.yaml` at each release, as CORE_* variables."""

from __future__ import annotations

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.service import Mount, Service, docker_network
from fabwiz.artifacts.errors import ArtifactError, release_of
from fabwiz.artifacts.images import chaincode_images
from fabwiz.session.network import Network, Node, Organization, Role

CONFIG = "/etc/hyperledger/fabric"
_SOCKET = "/var/run/docker.sock"
"""Whoever gets into a peer rules its host by this. It has to be: peers of Fabric 1.x build and start chaincode."""


def peer(network: Network, node: Node) -> Service:
    """A peer of an organization."""
    session = network.session
    organization = organization_of(network, node)
    environment = {
        logging_variable(network): session.logging.level,
        "CORE_PEER_ID": node.name,
        "CORE_PEER_NETWORKID": network.name,
        "CORE_PEER_ADDRESS": node.address,
        "CORE_PEER_ADDRESSAUTODETECT": "false",
        "CORE_PEER_LISTENADDRESS": f"0.0.0.0:{node.ports['grpc']}",
        "CORE_PEER_LOCALMSPID": organization.msp_id,
        "CORE_PEER_MSPCONFIGPATH": f"{CONFIG}/msp",
        "CORE_PEER_TLS_ENABLED": str(session.tls).lower(),
    }
    mounts = [Mount(_SOCKET, f"/host{_SOCKET}", read_only=False), Mount(layout.msp(node), f"{CONFIG}/msp")]
    if session.tls:
        environment |= {
            "CORE_PEER_TLS_CERT_FILE": f"{CONFIG}/tls/server.crt",
            "CORE_PEER_TLS_KEY_FILE": f"{CONFIG}/tls/server.key",
            "CORE_PEER_TLS_ROOTCERT_FILE": f"{CONFIG}/tls/ca.crt",
        }
        mounts.append(Mount(layout.tls(node), f"{CONFIG}/tls"))
    if "events" in node.ports:
        environment["CORE_PEER_EVENTS_ADDRESS"] = f"0.0.0.0:{node.ports['events']}"
    database = next((helper for helper in network.helpers if _is_database_of(helper, node)), None)
    environment |= _gossip(organization, node) | _chaincode(network, node) | _state(database)
    return Service(
        node,
        environment,
        data={"ledger": "/var/hyperledger/production"},
        mounts=tuple(mounts),
        command=("peer", "node", "start"),
        has_secrets=database is not None,
        after=database,
    )


def organization_of(network: Network, node: Node) -> Organization:
    """A peer's or its helper's organization. Raises ArtifactError where it has none."""
    organization = network.organization_of(node)
    if organization is None:
        raise ArtifactError(f"{node.name} belongs to no organization of the session")
    return organization


def logging_variable(network: Network) -> str:
    """FABRIC_LOGGING_SPEC from 1.4 on; 1.4 warns about the older one."""
    return "FABRIC_LOGGING_SPEC" if release_of(network).has_logging_spec else "CORE_LOGGING_LEVEL"


def _gossip(organization: Organization, node: Node) -> dict[str, str]:
    """Bootstrap from every other peer of the organization, from itself where it is alone."""
    others = [other.address for other in organization.nodes if other is not node]
    return {
        "CORE_PEER_GOSSIP_BOOTSTRAP": " ".join(others or [node.address]),
        "CORE_PEER_GOSSIP_EXTERNALENDPOINT": node.address,
        "CORE_PEER_GOSSIP_USELEADERELECTION": "true",
        "CORE_PEER_GOSSIP_ORGLEADER": "false",
    }


def _chaincode(network: Network, node: Node) -> dict[str, str]:
    """Where chaincode containers run and whom they call.

    Fabric 1.0 has no chaincodeAddress: chaincode calls the very chaincodeListenAddress (`peer/node/start.go`), which
    must therefore be the peer's name; inside its container the name is its own address.
    """
    images = chaincode_images(network)
    port = node.ports["chaincode"]
    environment = {
        "CORE_VM_ENDPOINT": f"unix:///host{_SOCKET}",
        "CORE_VM_DOCKER_HOSTCONFIG_NETWORKMODE": docker_network(network),
        "CORE_CHAINCODE_BUILDER": images.builder,
    }
    if release_of(network).number < (1, 1, 0):
        environment["CORE_PEER_CHAINCODELISTENADDRESS"] = f"{node.name}:{port}"
    else:
        environment["CORE_PEER_CHAINCODEADDRESS"] = f"{node.name}:{port}"
        environment["CORE_PEER_CHAINCODELISTENADDRESS"] = f"0.0.0.0:{port}"
    for language, runtime in images.runtimes.items():
        if language == "java" and release_of(network).number < (1, 3, 0):
            environment["CORE_CHAINCODE_JAVA_DOCKERFILE"] = f"from {runtime}"
        else:
            environment[f"CORE_CHAINCODE_{language.upper()}_RUNTIME"] = runtime
    return environment


def _is_database_of(helper: Node, node: Node) -> bool:
    return helper.role is Role.COUCHDB and (helper.organization, helper.key) == (node.organization, node.key)


def _state(database: Node | None) -> dict[str, str]:
    if database is None:
        return {}
    return {
        "CORE_LEDGER_STATE_STATEDATABASE": "CouchDB",
        "CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS": f"{database.name}:5984",
    }
