"""Docker images as files: which names a host needs, and the archives that hold them for hosts that cannot pull."""
