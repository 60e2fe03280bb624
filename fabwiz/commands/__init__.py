"""The commands of the command line: one file a command, each with `add_arguments` and `run`."""
