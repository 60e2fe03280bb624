"""The genesis block and the transactions of a network, as the release's own configtxgen makes them."""

from fabwiz.artifacts.configtx.difference import describe_difference
from fabwiz.artifacts.configtx.files import ConfigtxReport, generate
from fabwiz.artifacts.configtx.messages import anchors_tx, channel_tx, creation_for_orderers, genesis_block

__all__ = [
    "ConfigtxReport",
    "anchors_tx",
    "channel_tx",
    "creation_for_orderers",
    "describe_difference",
    "generate",
    "genesis_block",
]
