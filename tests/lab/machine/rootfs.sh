#!/bin/bash
# rootfs.sh SUITE LAB - the root file system of hosts, from Debian packages; prints its folder.
# It is made again when this file changes. bookworm: Docker 20.10, compose 1.29; trixie: Docker 26, Compose v2, no python3.
set -euo pipefail
suite=$1 LAB=$2 NET=198.18.0
r=$LAB/rootfs-$suite-$(sha256sum "$0" | cut -c1-12)
if [ -e "$r/.done" ]; then echo "$r"; exit; fi
packages=mount,openssh-server,docker.io,docker-compose,iptables,procps,iproute2,iputils-ping,netcat-openbsd
packages=$packages,ca-certificates,curl,sudo,rsync,libfaketime,tini
[ "$suite" = bookworm ] || packages=$packages,docker-cli
mkdir -p "$LAB"; rm -rf "$LAB/rootfs-$suite-"*
mmdebstrap --quiet --variant=apt --skip=cleanup/apt --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include="$packages" "$suite" "$r" >"$LAB/rootfs-$suite.log" 2>&1 ||
  { tail -n 5 "$LAB/rootfs-$suite.log" >&2; echo "see $LAB/rootfs-$suite.log" >&2; exit 1; }
rm -rf "$r"/var/cache/apt/* "$r"/var/lib/apt/lists/* "$r"/etc/ssh/ssh_host_*
mkdir -p "$r/root/.ssh" "$r/etc/docker" "$r/var/lib/docker" "$r/mnt"
chroot "$r" useradd -m -s /bin/bash -G docker fabric # may use Docker; sudo without a password
chroot "$r" useradd -m -s /bin/bash ops              # only sudo
printf '%s ALL=(ALL) NOPASSWD:ALL\n' fabric ops >"$r/etc/sudoers.d/lab"
# the engine's own networks in the benchmark range too, the same on each host as in real life
cat >"$r/etc/docker/daemon.json" <<J
{ "bip": "198.19.0.1/24", "default-address-pools": [{"base": "198.19.128.0/17", "size": 24}],
  "dns": ["$NET.1"], "storage-driver": "overlay2", "ipv6": false, "log-opts": {"max-size": "5m", "max-file": "2"} }
J
# raising a hard limit needs CAP_SYS_RESOURCE, which root lacks in some sandboxes
sed -i 's/^\([[:space:]]*ulimit -[a-z] .*\)$/\1 || :/; s/^\([[:space:]]*\)cgroupfs_mount$/\1:/' "$r/etc/init.d/docker"
cat >"$r/sbin/lab-init" <<'J'
#!/bin/sh
# the only child of PID 1 (tini): starts the services, stops the engine at a clean shutdown
trap 'service docker stop; exit 0' TERM
service ssh start; service docker start
while :; do sleep 86400 & wait $!; done
J
chmod 755 "$r/sbin/lab-init"; touch "$r/.done"
echo "$r"
