"""What must hold before a network is deployed; a file a topic."""
