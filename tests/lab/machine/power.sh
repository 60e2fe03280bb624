# power.sh - part of lab.sh: hosts are switched on and off.

on() {
  local h=$1 d=$LAB/hosts/$1 i; i=$(num "$1")
  alive "$h" && return
  ip netns del "$NS-$h" 2>/dev/null || :; ip -n "$NS" link del "$h" 2>/dev/null || :
  ip netns add "$NS-$h"
  ip -n "$NS" link add "$h" type veth peer name eth0 \
    address "$(printf '02:00:c6:12:00:%02x' "$((10 + i))")" netns "$NS-$h" # the same after a reboot
  ip -n "$NS" link set "$h" master sw up
  ip -n "$NS-$h" link set lo up
  ip -n "$NS-$h" addr add "$(ip4 "$h")/24" dev eth0; ip -n "$NS-$h" link set eth0 up
  rm -f "$d/pid" "$d/pid.new"
  ( for c in $(cgdirs "$h"); do
      mkdir -p "$c"
      for f in cpuset.cpus cpuset.mems; do # v1: a new cpuset is empty
        [ -e "$c/tasks" ] && [ -e "$c/$f" ] && { cat "${c%/*/*}/$f" >"${c%/*}/$f"; cat "${c%/*}/$f" >"$c/$f"; }
      done
      if [ ! -e "$c/tasks" ]; then # v2: pass the controllers down
        for x in $(<"${c%/*/*}/cgroup.controllers"); do
          echo "+$x" >"${c%/*/*}/cgroup.subtree_control"; echo "+$x" >"${c%/*}/cgroup.subtree_control"
        done 2>/dev/null || :
      fi
      echo "$BASHPID" >"$c/cgroup.procs"
    done
    exec setsid nsenter --net="/run/netns/$NS-$h" unshare -m -u -i -p -C --fork --kill-child \
      --propagation private "$HERE/boot.sh" "$h" "$d" ) >>"$d/console.log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 100); do [ -s "$d/pid.new" ] && break; sleep 0.05; done
  mv "$d/pid.new" "$d/pid"
}

ready() { # until ssh and the engine answer
  local end=$((SECONDS + ${LAB_READY:-90})) port; port=$(cat "$LAB/hosts/$1/port")
  while [ $SECONDS -lt $end ]; do
    alive "$1" || break
    inside "$1" docker version >/dev/null 2>&1 && inside "$1" nc -z 127.0.0.1 "$port" 2>/dev/null && return; sleep 0.1
  done
  tail -n 5 "$LAB/hosts/$1/console.log" >&2
  die "$1 not ready: see $LAB/hosts/$1/console.log"
}

off() { # off hN [TERM|KILL]
  local h=$1 p c; alive "$h" || return 0
  p=$(pid "$h"); thaw "$h"
  kill "-${2:-KILL}" "$p"
  for _ in $(seq 300); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$p" 2>/dev/null || :
  rm -f "$LAB/hosts/$h/pid"
  for c in $(cgdirs "$h"); do find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || :; done
}
