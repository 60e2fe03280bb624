"""Sample chaincode, a folder each: what a session's `path` may name without a folder of its own."""
