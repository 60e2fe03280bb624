"""What a container may do on its host: all capabilities are dropped but those that its image's start needs.

Read from the images: `images/*/Dockerfile.in` and `docker-entrypoint.sh` of hyperledger/fabric (1.0) and
fabric-baseimage (0.4.x). Chaincode containers are not made by compose: Fabric's peers start them, and know no setting
that would drop capabilities.
"""

from __future__ import annotations

from types import MappingProxyType

from fabwiz.artifacts.compose.writer import Data
from fabwiz.session.network import Network, Node, Role

# Root without DAC_OVERRIDE may not read 0600 files of others, and `remote_dir` may belong to the login user: where
# that one is in the group docker and uses no sudo. What is mounted from there is read-only in any case.
_READS = ("DAC_OVERRIDE",)
_STEPS_DOWN = ("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID")

CAPABILITIES = MappingProxyType(
    {
        # `chown -R` of its data, then su-exec to its own user
        Role.ZOOKEEPER: _STEPS_DOWN,
        Role.KAFKA: _READS,
        Role.ORDERER: _READS,
        Role.PEER: _READS,
        # `chmod` of what its own user owns; tini, which stays root, passes signals on to that user
        Role.COUCHDB: tuple(sorted((*_STEPS_DOWN, "FOWNER", "KILL"))),
        Role.TOOLS: _READS,
    }
)
"""By role: what is left of the 14 capabilities that Docker gives."""


def rights(network: Network, node: Node) -> dict[str, Data]:
    """The keys of a service about its rights; none where the session turns hardening off."""
    if not network.session.hardening:
        return {}
    low = any(port < 1024 for port in node.ports.values())
    return {
        "cap_drop": ["ALL"],
        "cap_add": [*CAPABILITIES[node.role], *(["NET_BIND_SERVICE"] if low else [])],
        # without a value: so every engine since 1.11 takes it
        "security_opt": ["no-new-privileges"],
    }
