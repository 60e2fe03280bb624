"""A stand-in for the ordering service node, after `orderer/` of Fabric 1.x: real envelopes, policies and blocks."""
