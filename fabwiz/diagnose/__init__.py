"""Known errors: from what Fabric, Kafka, ZooKeeper or Docker says to its cause and its remedy."""
