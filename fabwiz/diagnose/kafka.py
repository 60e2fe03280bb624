"""Kafka, ZooKeeper, and orderers on their way to them."""

from __future__ import annotations

from fabwiz.diagnose.known import Known

_STARTING_CAUSE = (
    "This orderer has not finished starting the channel: it is still connecting to Kafka, writing its CONNECT message "
    "and reading the channel's topic from the beginning."
)
_STARTING_REMEDY = (
    "Wait: replay does, and tries again. When it lasts, look at `fabwiz logs` of the orderer for 'Start phase "
    "completed successfully', and whether all brokers run (`fabwiz status`) and their ports are open between the hosts."
)

KNOWN = (
    Known(
        "1",
        r"ill not enqueue, consenter for this channel hasn't started yet",
        _STARTING_CAUSE,
        _STARTING_REMEDY,
        False,
        "orderer/consensus/kafka/chain.go v1.1.0:169; in 1.0 a log line only, clients see SERVICE_UNAVAILABLE",
        until=(1, 3, 0),
    ),
    Known(
        "1b",
        r"backing Kafka cluster has not completed booting; try again later",
        _STARTING_CAUSE,
        _STARTING_REMEDY,
        False,
        "orderer/consensus/kafka/chain.go v1.4.0:175, v1.4.12:189",
        since=(1, 4, 0),
    ),
    Known(
        "3",
        r"Cannot set up channel consumer = .{0,40}The requested offset is outside the range of offsets",
        "The channel's topic in Kafka no longer holds what the orderer's ledger goes on from: the Kafka data was lost, "
        "deleted by retention, or made anew under a ledger that lives on.",
        "Bring the old Kafka volumes back. If they are gone, the ordering service starts anew: `fabwiz down "
        "--data`, then replay. Never recreate Kafka under a living ledger; keep log_retention_ms at -1.",
        True,
        "orderer/consensus/kafka/chain.go:323; FAB-15541; hyperledger/bevel#435, #438",
    ),
    Known(
        "3b",
        r"Cannot (?:set up (?:producer|parent consumer|channel consumer)|post CONNECT message) = ",
        "The orderer tried to reach Kafka for as long as its retry settings say, and gave up; its container starts "
        "again and begins anew.",
        "Get the brokers running first (`fabwiz status`, `fabwiz logs`), and keep the retry totals at their defaults, "
        "10m and 12h (ordering.kafka.retry in the session).",
        False,
        "orderer/consensus/kafka/chain.go:303-316",
    ),
    Known(
        "2",
        r"Failed to connect to broker [0-9a-f]{12}:\d{1,5}\b",
        "The broker tells its clients to reach it by its container id, which no other host can resolve: it has no "
        "advertised host name.",
        "Let fabwiz write the compose files: `fabwiz generate`, then replay. In a file of your own set hostname, "
        "KAFKA_ADVERTISED_HOST_NAME and KAFKA_ADVERTISED_PORT (or the listeners), and extra_hosts.",
        True,
        "will-hu-0#1",
    ),
    Known(
        "2b",
        r"kafka: client has run out of available brokers to talk to",
        "None of the brokers that the genesis block names answered: they are still booting, are down, or cannot be "
        "reached from this host.",
        "While brokers boot this passes by itself. When it lasts: `fabwiz status`, `fabwiz logs` of the brokers, and "
        "whether the brokers' ports (9092, with TLS 9093) are open between the hosts.",
        False,
        "sarama; will-hu-0#1",
    ),
    Known(
        "4",
        r"Messages are rejected since there are fewer in-sync replicas than required"
        r"|Number of insync replicas for partition \S{1,300} is \[\d{1,9}\], below required minimum \[\d{1,9}\]"
        r"|eplication factor: \d{1,9} larger than available brokers: \d{1,9}",
        "Too few brokers are running or in sync: fewer than min_insync_replicas (M) for writing, or than "
        "replication_factor (N) for a new channel.",
        "Bring the missing brokers back (`fabwiz status`); once they have caught up, writing goes on. If they never "
        "suffice, `fabwiz check` says which of M, N and the number of brokers does not fit.",
        False,
        "Kafka and sarama sources",
    ),
    Known(
        "5",
        r"Message was too large, server rejected it to avoid allocation error",
        "The orderer lets in larger blocks than the brokers take: absolute_max_bytes is not below message.max.bytes.",
        "Run `fabwiz check` and mend what it says about kafka-message-size, then generate and replay.",
        True,
        "sarama; orderer/common/msgprocessor/sizefilter.go:41",
    ),
    Known(
        "5b",
        r"message payload is \d{1,12} bytes and exceeds maximum allowed \d{1,12} bytes"
        r"|\d{1,12} byte message payload exceeds maximum allowed \d{1,12} bytes",
        "A client sent a transaction that is larger than the largest block (absolute_max_bytes).",
        "Send less in one transaction, or raise ordering.absolute_max_bytes and Kafka's sizes with it (`fabwiz check` "
        "says how they must fit); a running network needs a configuration update for that.",
        False,
        "orderer/common/msgprocessor/sizefilter.go:41",
    ),
    Known(
        "6",
        r"A broker is already registered on the path /brokers/ids/\d{1,10}",
        "ZooKeeper still has another registration of this broker id: that of the same broker, which restarted faster "
        "than its session times out, or that of another broker with the same id.",
        "After a quick restart wait some seconds: the broker tries again. Else give every broker an id of its own; "
        "`fabwiz check` finds equal ids.",
        False,
        "Kafka source, ZkUtils.registerBrokerInZk",
    ),
    Known(
        "6b",
        r"Configured broker\.?id \d{1,10} doesn't match stored broker\.?id \d{1,10} in meta\.properties",
        "The broker came upon the volume of another one, or its id was changed.",
        "Give every broker the id and the volume that it had; remove volumes that an earlier, different network left "
        "(`fabwiz down --data` with its session).",
        True,
        "Kafka source, KafkaServer.getBrokerIdAndOfflineDirs",
    ),
    Known(
        "7",
        r"java\.net\.BindException: Cannot assign requested address",
        "The server binds to an address that its container does not have: its own entry in the list of ZooKeeper "
        "servers, or a listener, names the host's address.",
        "Let fabwiz write the compose files (`fabwiz generate`, then replay): in its own list a server's own entry is "
        "0.0.0.0.",
        True,
        "31z4/zookeeper-docker#14, #35; fabric8-zookeeper-docker#6",
    ),
    Known(
        "7b",
        r"Cannot open channel to \d{1,3} at election address",
        "Another ZooKeeper server does not answer on its election port: it has not started yet, or something between "
        "the hosts keeps the port closed.",
        "While servers start this passes by itself. When it lasts, open ports 2888 and 3888 between the ZooKeeper "
        "hosts, and look at `fabwiz status`.",
        False,
        "31z4/zookeeper-docker#14, #35",
    ),
)
