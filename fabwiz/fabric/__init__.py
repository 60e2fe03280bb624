"""A small client of Fabric's gRPC API: identities, orderers, peers, chaincode packages."""
