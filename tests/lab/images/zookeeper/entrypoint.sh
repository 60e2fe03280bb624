#!/bin/bash
# What the image fabric-zookeeper does with its environment: zoo.cfg from ZOO_*, then as user zookeeper.
set -euo pipefail
if [ ! -f "$ZOO_CONF_DIR/zoo.cfg" ]; then
  {
    echo "clientPort=$ZOO_PORT"
    echo "dataDir=$ZOO_DATA_DIR"
    echo "dataLogDir=$ZOO_DATA_LOG_DIR"
    echo "tickTime=$ZOO_TICK_TIME"
    echo "initLimit=$ZOO_INIT_LIMIT"
    echo "syncLimit=$ZOO_SYNC_LIMIT"
    echo "autopurge.snapRetainCount=$ZOO_AUTOPURGE_SNAPRETAINCOUNT"
    echo "autopurge.purgeInterval=$ZOO_AUTOPURGE_PURGEINTERVAL"
    # this server is of 3.8; those in Fabric's images are of 3.4, which has no admin server and allows every word
    echo "4lw.commands.whitelist=*"
    echo "admin.enableServer=false"
    printf '%s\n' ${ZOO_SERVERS:-}
  } >"$ZOO_CONF_DIR/zoo.cfg"
fi
[ -f "$ZOO_DATA_DIR/myid" ] || echo "${ZOO_MY_ID:-1}" >"$ZOO_DATA_DIR/myid"
chown -R zookeeper:zookeeper "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_CONF_DIR"
exec setpriv --reuid=zookeeper --regid=zookeeper --clear-groups "$@"
