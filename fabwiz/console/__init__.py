"""How the command line shows what the engine says: to people at a terminal, in plain lines, as JSON."""
