"""A stand-in for the peer, after `core/` of Fabric 1.x: real proposals, endorsements, policies and blocks."""
