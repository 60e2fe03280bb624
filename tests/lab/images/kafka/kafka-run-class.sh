#!/bin/bash
# kafka-run-class.sh [-name NAME] [-loggc] CLASS ARGUMENTS...: small machines, so a quick start before peak speed
home=$(dirname "$0")/..
while :; do case ${1:-} in -name) shift 2 ;; -loggc) shift ;; *) break ;; esac; done
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
  ${KAFKA_JMX_OPTS:--Dcom.sun.management.jmxremote -Dcom.sun.management.jmxremote.authenticate=false} \
  ${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$home/config/tools-log4j.properties} ${KAFKA_OPTS:-} \
  -cp "$home/libs/*" "$@"
