#!/bin/bash
# zkServer.sh start-foreground
jars=(zookeeper zookeeper-jute netty-all slf4j-api slf4j-simple metrics-core snappy-java commons-cli commons-io)
jars+=(jackson-core jackson-databind jackson-annotations)
path=$ZOO_CONF_DIR
for jar in "${jars[@]}"; do path=$path:/usr/share/java/$jar.jar; done
# as ZooKeeper's own: a port for whoever reaches the container
jmx="-Dcom.sun.management.jmxremote -Dcom.sun.management.jmxremote.local.only=${JMXLOCALONLY:-false}"
[ "${JMXDISABLE:-false}" = false ] || jmx=
exec java $jmx ${JVMFLAGS:--Xmx128m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -cp "$path" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$ZOO_CONF_DIR/zoo.cfg"
