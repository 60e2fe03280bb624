#!/bin/bash
# What the image fabric-kafka does with its environment: KAFKA_FOO_BAR=x becomes foo.bar=x in server.properties.
# Values end at the first white space, as they do there.
set -euo pipefail
properties=/opt/kafka/config/server.properties
while IFS= read -r -d '' entry; do
  name=${entry%%=*} value=${entry#*=}
  [[ $name == KAFKA_* && $name != KAFKA_HOME ]] || continue
  key=${name#KAFKA_} key=${key,,} key=${key//_/.}
  grep -v "^${key//./\\.}=" "$properties" >/tmp/server.properties || :
  printf '%s=%s\n' "$key" "${value%%[[:space:]]*}" >>/tmp/server.properties
  cat /tmp/server.properties >"$properties"
done < <(env -0)
exec "$@"
