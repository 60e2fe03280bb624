"""Where the releases' configtxgen differ.

Read from `common/configtx/tool` (1.0), `common/tools/configtxgen` and `common/genesis` at the tags of
hyperledger/fabric.
"""

from __future__ import annotations

from dataclasses import dataclass

from fabwiz.session.releases import Capabilities, Release


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one release's configtxgen writes."""

    capabilities: Capabilities
    explicit_policies: bool
    """Policies of organizations come from configtx.yaml (from 1.2), with `peer` and `client` roles for organizations
    with node OUs; before, a built-in member and admin."""
    has_node_ous: bool
    has_admin_ous: bool
    metadata_entries: int
    """Entries of a block's metadata: 5 from 1.4.2, with COMMIT_HASH."""
    consortiums_policy_owner: str
    """mod_policy of the policy of the Consortiums group: the orderers' admins from 1.0.2."""
    creation_owner: str
    """mod_policy of the policies in a channel's creation: none in 1.0."""
    creation_reads_consortium: bool
    """1.0 names the consortium in the read set too."""
    creation_has_tx_id: bool
    """1.0 wrote the transaction id that belongs to no nonce and no creator."""
    creation_touches_empty_anchors: bool
    """1.1 and 1.2 list, in a channel's creation, an AnchorPeers value of version 1 for organizations without anchors.
    configtxgen took an empty value for a changed one (mended in 1.3); orderers refuse such an update: see
    `creation_for_orderers`."""
    anchors_owner: str
    """mod_policy in an anchor update: none in 1.0.0."""

    @classmethod
    def of(cls, release: Release) -> Dialect:
        """What a release writes."""
        number = release.number
        old = number < (1, 1, 0)
        return cls(
            capabilities=release.capabilities,
            explicit_policies=release.has_organization_policies,
            has_node_ous=release.has_node_ous,
            has_admin_ous=release.has_admin_ous,
            metadata_entries=5 if number >= (1, 4, 2) else 4,
            consortiums_policy_owner="/Channel/Orderer/Admins" if number >= (1, 0, 2) else "Admins",
            creation_owner="" if old else "Admins",
            creation_reads_consortium=old,
            creation_has_tx_id=old,
            creation_touches_empty_anchors=(1, 1, 0) <= number < (1, 3, 0),
            anchors_owner="Admins" if number >= (1, 0, 1) else "",
        )
