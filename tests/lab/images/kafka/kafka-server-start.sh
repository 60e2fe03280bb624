#!/bin/bash
# EXTRA_ARGS are options of kafka-run-class.sh
exec "$(dirname "$0")/kafka-run-class.sh" ${EXTRA_ARGS:--name kafkaServer} kafka.Kafka "${1:-/opt/kafka/config/server.properties}"
