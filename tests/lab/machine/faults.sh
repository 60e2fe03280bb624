# faults.sh - part of lab.sh: what goes wrong with hosts.

frz() { local v1=/sys/fs/cgroup/freezer/$NS/$1/freezer.state
  if [ -e "$v1" ]; then echo "$2" >"$v1"; else echo "$3" >"/sys/fs/cgroup/$NS/$1/cgroup.freeze"; fi; }
freeze() { frz "$1" FROZEN 1; }
thaw() { frz "$1" THAWED 0; }

cable() { ip -n "$NS" link set "$1" "$2"; }

delay() {
  local d=$LAB/hosts/$1
  [ ! -s "$d/delay" ] || { kill "$(cat "$d/delay")" 2>/dev/null || :; rm "$d/delay"; }
  inside "$1" iptables -t mangle -D PREROUTING -i eth0 -j NFQUEUE --queue-num 7 --queue-bypass 2>/dev/null || :
  [ "$2" = 0 ] || {
    inside "$1" iptables -t mangle -A PREROUTING -i eth0 -j NFQUEUE --queue-num 7 --queue-bypass
    nsenter --net="/run/netns/$NS-$1" setsid python3 "$HERE/delay.py" 7 "$2" >/dev/null 2>&1 </dev/null &
    echo $! >"$d/delay"
    for _ in $(seq 100); do # until it holds the queue: packets pass it by before
      nsenter --net="/run/netns/$NS-$1" grep -q '^ *7 ' /proc/net/netfilter/nfnetlink_queue 2>/dev/null && break
      sleep 0.05
    done; }
}

clock() { # libfaketime by pam_env; never in /etc/ld.so.preload: sshd's sandbox kills sshd then
  if [ "$2" = 0 ]; then inside "$1" sh -c ': >/etc/environment'
  else inside "$1" sh -c "echo LD_PRELOAD=\$(ls /usr/lib/*/faketime/libfaketime.so.1) >/etc/environment
    echo FAKETIME=$2 >>/etc/environment"; fi
}

fill() {
  inside "$1" sh -c 'f=/var/lib/docker/.fill
    fallocate -l "$(($(df --output=avail -B1 /var/lib/docker | tail -1)))" $f 2>/dev/null
    dd if=/dev/zero bs=64k >>$f 2>/dev/null; df -h /var/lib/docker | tail -1' || :
}
unfill() { inside "$1" rm -f /var/lib/docker/.fill; }

firewall() { # published ports pass INPUT by, so both ways lead through a chain of its own
  local h=$1 what=$2 port=${3:-}
  if ! inside "$h" iptables -n -L LAB >/dev/null 2>&1; then
    inside "$h" iptables -N LAB
    inside "$h" iptables -I INPUT -i eth0 -j LAB; inside "$h" iptables -I DOCKER-USER -i eth0 -j LAB
  fi
  case $what in
    off) inside "$h" iptables -F LAB ;;
    drop) inside "$h" iptables -A LAB -p tcp -m conntrack --ctorigdstport "$port" --ctstate NEW -j DROP ;;
    reject) inside "$h" iptables -A LAB -p tcp -m conntrack --ctorigdstport "$port" --ctstate NEW \
      -j REJECT --reject-with icmp-host-prohibited ;; # as firewalld does: 'no route to host'
    *) die "firewall: reject, drop or off" ;;
  esac
}
