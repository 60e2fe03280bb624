"""Sample chaincode."""
