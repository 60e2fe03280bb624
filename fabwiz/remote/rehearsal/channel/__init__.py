"""What orderers and peers know of a channel: members, policies, configuration and its changes.

After `msp`, `common/cauthdsl`, `common/policies`, `common/configtx` and `common/channelconfig` of Fabric 1.x.
"""
