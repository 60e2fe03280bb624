"""fabwiz: from a list of machines to a running Hyperledger Fabric 1.x network with Kafka ordering."""

__version__ = "0.1.0"
