"""A small client of Fabric's gRPC API: identities, orderer, peer, channels, chaincode packages and transactions.

What the `peer` command line does with a tools container is done here from the workstation. Nothing of this is
imported before it is needed: grpc and the message classes are heavy.
"""
