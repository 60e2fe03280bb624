"""Where commands run: over SSH, on this machine, or on rehearsal hosts."""
