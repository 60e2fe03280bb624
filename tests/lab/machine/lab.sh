#!/bin/bash
# lab.sh - several "hosts" on one machine, without an outer container engine.
#
# A host has its own network, pid, mount, uts, ipc and cgroup namespaces over a shared read-only Debian root file
# system (overlayfs), its own address, sshd, dockerd and docker-compose. One network namespace, $NS, holds the switch
# (a bridge) and is also the operator's station, 198.18.0.1. Nothing is created in the machine's own network namespace,
# and nothing in the lab has a default route: a packet for any other address dies with 'Network is unreachable'.
#
#   lab.sh build [SUITE]       root file system of hosts (bookworm: compose 1.29; trixie: Compose v2 only)
#   lab.sh station             only the station, so that commands can run there
#   lab.sh up N                hosts h1..hN at 198.18.0.11 and up. For host h3, say:
#                              LAB_SUITE_h3=trixie: another root file system; LAB_DISK_h3=600M: a disk of that size for
#                              its Docker; LAB_SSH_PORT_h3=2222: another port of sshd; LAB_SEED=FOLDER or 'none': the
#                              images that hosts begin with
#   lab.sh seed hN FOLDER      keep hN's images as such a FOLDER (layers become hard links: no time, no disk)
#   lab.sh clear               end all hosts and remove what they hold; the station stays
#   lab.sh down                the station too: also what an earlier run that was killed has left
#   lab.sh run COMMAND...      run on the station
#   lab.sh sh hN [COMMAND...]  run on a host, as from its console, without ssh
#   lab.sh ssh hN [COMMAND]    ssh as root (LAB_USER=fabric: as that user) from the station
#   lab.sh off|on|reboot|crash hN   power ('off' and 'reboot' stop dockerd cleanly first, 'crash' does not)
#   lab.sh freeze|thaw hN      the whole host hangs: it connects, but never answers
#   lab.sh cut|join hN         the cable of a host
#   lab.sh delay hN MS         every packet that hN receives waits MS ms (0: off; the kernel needs no netem)
#   lab.sh clock hN +3600s     a wrong clock for programs started over ssh, but not Go's (0: right again)
#   lab.sh fill|unfill hN      the disk under /var/lib/docker is full
#   lab.sh firewall hN reject|drop|off [PORT]   new connections to a TCP port of hN, sshd's and published ones alike
set -euo pipefail
LAB=${FABWIZ_LAB:-${TMPDIR:-/tmp}/fabwiz-lab} NS=${LAB_NS:-fabwizlab} NET=198.18.0
SELF=$(readlink -f "$0") HERE=$(dirname "$(readlink -f "$0")") KEY=$LAB/key
die() { echo "lab.sh: $*" >&2; exit 1; }
num() { [[ $1 =~ ^h[0-9]+$ ]] || die "no host '$1'"; echo "${1#h}"; }
ip4() { echo "$NET.$((10 + $(num "$1")))"; }
pid() { cat "$LAB/hosts/$1/pid"; }
of() { local v=LAB_$1_$2; echo "${!v:-$3}"; } # of SUITE h3 DEFAULT: the setting of a host
alive() { # its pid may by now be somebody else's (the machine restarted): compare the namespace
  [ -s "$LAB/hosts/$1/pid" ] && [ -e "/run/netns/$NS-$1" ] &&
    [ "$(stat -Lc %i "/proc/$(pid "$1")/ns/net" 2>/dev/null)" = "$(stat -c %i "/run/netns/$NS-$1")" ]
}
hosts() { ls "$LAB/hosts" 2>/dev/null | sort -V || true; }
cgdirs() { # the cgroup of a host in every hierarchy: v1 controllers, or the one v2 tree
  local c
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "/sys/fs/cgroup/$NS/$1"; return; fi
  for c in /sys/fs/cgroup/*/; do
    [ -L "${c%/}" ] || { [ -e "$c/cgroup.procs" ] && echo "$c$NS/$1"; }
  done
}
inside() { local p; p=$(pid "$1"); shift; nsenter -t "$p" -m -u -i -n -p -C -r -w -- "$@"; }
. "$HERE/power.sh"
. "$HERE/faults.sh"

build() { "$HERE/rootfs.sh" "${1:-bookworm}" "$LAB"; }

station() {
  mkdir -p "$LAB/hosts"
  [ "$(stat -fc %T "$LAB")" != overlayfs ] || die "$LAB lies on overlayfs, where Docker cannot: set FABWIZ_LAB"
  [ -e "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C lab -f "$KEY"
  if ! ip netns pids "$NS" >/dev/null 2>&1; then
    ip netns add "$NS"; ip -n "$NS" link set lo up
    ip -n "$NS" link add sw type bridge; ip -n "$NS" addr add "$NET.1/24" dev sw; ip -n "$NS" link set sw up
  fi
}
station_run() { nsenter --net="/run/netns/$NS" -- "$@"; } # not 'ip netns exec', which hides /sys/fs/cgroup

up() {
  local n=$1 i
  station
  : >"$LAB/known_hosts"
  for i in $(seq "$n"); do furnish "h$i"; on "h$i"; done
  for i in $(seq "$n"); do ready "h$i"; done
}
furnish() { # the folder of a host: what it changes in the shared root file system, and its Docker's data
  local h=$1 d=$LAB/hosts/$1 r port address seed=${LAB_SEED:-none}
  r=$(build "$(of SUITE "$h" bookworm)") port=$(of SSH_PORT "$h" 22)
  mkdir -p "$d"/{up/etc/ssh/sshd_config.d,up/root/.ssh,wk,root,docker}; echo "$r" >"$d/rootfs"; echo "$port" >"$d/port"
  if [ "$seed" != none ] && [ ! -e "$d/docker/image" ]; then clone "$seed" "$d/docker"; fi
  if [ -n "$(of DISK "$h" '')" ] && [ ! -e "$d/disk.img" ]; then
    truncate -s "$(of DISK "$h" '')" "$d/disk.img"; mkfs.ext4 -q -m 0 -d "$d/docker" "$d/disk.img"
  fi
  [ -e "$d/up/etc/ssh/ssh_host_ed25519_key" ] ||
    ssh-keygen -q -t ed25519 -N '' -C "$h" -f "$d/up/etc/ssh/ssh_host_ed25519_key"
  echo "Port $port" >"$d/up/etc/ssh/sshd_config.d/lab.conf"
  cp "$KEY.pub" "$d/up/root/.ssh/authorized_keys"; chmod 700 "$d"/up/root "$d"/up/root/.ssh
  for user in fabric ops; do
    mkdir -p "$d/up/home/$user/.ssh"; cp "$KEY.pub" "$d/up/home/$user/.ssh/authorized_keys"
    chmod 700 "$d/up/home/$user" "$d/up/home/$user/.ssh"; chown -R --reference="$r/home/$user" "$d/up/home/$user"
  done
  echo "$h" >"$d/up/etc/hostname"; printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$h" >"$d/up/etc/hosts"
  echo "nameserver $NET.1" >"$d/up/etc/resolv.conf" # nobody there: fails at once
  address=$(ip4 "$h"); [ "$port" = 22 ] || address="[$address]:$port"
  echo "$address $(cut -d' ' -f1,2 "$d/up/etc/ssh/ssh_host_ed25519_key.pub")" >>"$LAB/known_hosts"
}
clone() { # the data folder of a stopped engine: layers linked (they are never written in place), the rest copied
  local part
  rm -rf "$2"; mkdir -p "$2"
  for part in "$1"/*; do
    if [ "${part##*/}" = overlay2 ]; then cp -al "$part" "$2/"; else cp -a "$part" "$2/"; fi
  done
  chmod --reference="$1" "$2"
}
seed() {
  inside "$1" sh -c 'docker ps -aq | xargs -r docker rm -fv >/dev/null; docker network prune -f >/dev/null'
  off "$1" TERM; clone "$LAB/hosts/$1/docker" "$2.new"; rm -rf "$2"; mv "$2.new" "$2"
}
clear_hosts() {
  local h
  for h in $(hosts); do off "$h" KILL & done
  wait
  for h in $(hosts); do # what runs beside a host: delay.py
    ip netns pids "$NS-$h" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || :
  done
  rm -rf "$LAB/hosts"
}
down() {
  local n h
  clear_hosts
  for n in $(ip netns list | awk '{print $1}' | grep -xE "$NS(-h[0-9]+)?"); do
    [ "$n" = "$NS" ] || ip netns pids "$n" | xargs -r kill -KILL 2>/dev/null || :
    ip netns del "$n"
  done
  for h in $(cgdirs .); do # killed processes leave their cgroups a moment later
    for _ in $(seq 50); do
      [ -d "${h%/.}" ] || break
      find "${h%/.}" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
}
lssh() { local h=$1; shift
  station_run ssh -o LogLevel=ERROR -i "$KEY" -o UserKnownHostsFile="$LAB/known_hosts" -p "$(cat "$LAB/hosts/$h/port")" \
    -o ConnectTimeout="${LAB_TIMEOUT:-5}" -o BatchMode=yes "${LAB_USER:-root}@$(ip4 "$h")" "$@"; }

cmd=${1:-}; shift || true
case $cmd in
  build|station|up|down|seed|on|freeze|thaw|fill|unfill|clock|delay|firewall) "$cmd" "$@" ;;
  clear) clear_hosts ;;
  off) off "$1" TERM ;;
  cut) cable "$1" down ;;
  join) cable "$1" up ;;
  crash) off "$1" KILL; on "$1"; ready "$1" ;;
  reboot) off "$1" TERM; on "$1"; ready "$1" ;;
  ready) ready "$1" ;;
  run) station_run "$@" ;;
  ssh) lssh "$@" ;;
  sh) h=$1; shift; if [ $# = 0 ]; then inside "$h" bash; else inside "$h" "$@"; fi ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$SELF"; exit 2 ;;
esac
