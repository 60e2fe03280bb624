"""The session file and the network that it describes."""
