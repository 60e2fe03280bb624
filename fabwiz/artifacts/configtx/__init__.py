"""The genesis block and the transactions of a network, as the release's own configtxgen makes them."""

from fabwiz.artifacts.configtx.messages import anchors_tx, channel_tx, creation_for_orderers, genesis_block

__all__ = ["anchors_tx", "channel_tx", "creation_for_orderers", "genesis_block"]
