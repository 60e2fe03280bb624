"""What is generated on the workstation: keys, certificates, blocks, transactions, compose files, host bundles."""
