#!/bin/bash
# boot.sh HOST FOLDER - PID 1 of a host, still with the machine's file system: make the host's, enter it.
set -euo pipefail
h=$1 d=$2 r=$2/root
read -r p _ </proc/self/stat; echo "$p" >"$d/pid.new"
echo "$h" >/proc/sys/kernel/hostname
echo 0 >/proc/sys/net/ipv4/ip_forward # as on a fresh machine: dockerd then sets FORWARD to DROP
mount -t overlay "$h" -o "lowerdir=$(cat "$d/rootfs"),upperdir=$d/up,workdir=$d/wk" "$r"
mount -t proc proc "$r/proc"; mount -t sysfs sysfs "$r/sys"
mount -t tmpfs -o mode=755 dev "$r/dev"; mount -t tmpfs -o mode=755 run "$r/run"
mount -t tmpfs -o mode=1777 tmp "$r/tmp"
mkdir -p "$r"/dev/{pts,shm,mqueue,net} "$r/run/lock" "$r/run/sshd"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$r/dev/pts"
mount -t tmpfs -o mode=1777 shm "$r/dev/shm"; mount -t mqueue mqueue "$r/dev/mqueue"
for s in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r n p c <<<"$s"; mknod -m 666 "$r/dev/$n" c "$p" "$c"
done
ln -s pts/ptmx "$r/dev/ptmx"; ln -s /proc/self/fd "$r/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%%:*}" "$r/dev/${n#*:}"; done
if [ -e "$d/disk.img" ]; then mount -o loop "$d/disk.img" "$r/var/lib/docker"
else mount --bind "$d/docker" "$r/var/lib/docker"; fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then # v2: processes only in leaves
  mount -t cgroup2 cgroup2 "$r/sys/fs/cgroup"; mkdir -p "$r/sys/fs/cgroup/init"
  while read -r p; do echo "$p" >"$r/sys/fs/cgroup/init/cgroup.procs" 2>/dev/null || :
  done <"$r/sys/fs/cgroup/cgroup.procs"
  for c in $(<"$r/sys/fs/cgroup/cgroup.controllers"); do
    echo "+$c" >"$r/sys/fs/cgroup/cgroup.subtree_control" 2>/dev/null || :; done
else
  mount -t tmpfs -o mode=755 cgroup "$r/sys/fs/cgroup"
  while IFS=: read -r _ c _; do
    [ -n "$c" ] || continue
    n=${c#name=}; mkdir "$r/sys/fs/cgroup/$n"
    if [ "$n" = "$c" ]; then mount -t cgroup -o "$c" cgroup "$r/sys/fs/cgroup/$n"
    else mount -t cgroup -o "none,$c" cgroup "$r/sys/fs/cgroup/$n"; fi
  done </proc/self/cgroup
fi
cd "$r"; pivot_root . mnt
# the machine's file system goes out of sight here
exec chroot . /bin/sh -c 'umount -l /mnt; mount --make-rshared /; exec env -i \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
  /usr/bin/tini -- /sbin/lab-init' </dev/null
