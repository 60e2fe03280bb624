"""The SSH server of a rehearsal host."""
