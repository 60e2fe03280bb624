"""The steps of the wizard, a file or a folder each."""
