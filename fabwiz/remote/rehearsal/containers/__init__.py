"""What runs in the containers of a rehearsal: stand-ins for ZooKeeper, Kafka, orderer, peer and their helpers."""
