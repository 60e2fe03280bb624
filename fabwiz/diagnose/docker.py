"""Docker, names, ports and firewalls on the hosts."""

from __future__ import annotations

from fabwiz.diagnose.known import Known

KNOWN = (
    Known(
        "31",
        r"Cannot connect to the Docker daemon at \S{1,200}",
        "Docker is not running on the host, or the login user may not use it.",
        "Start it (`systemctl start docker`, and `enable` for the next boot), or let the user in: "
        "`usermod -aG docker <user>` and a new login, or set ssh.sudo in the session.",
        True,
        "notes of a Kafka cluster on thirteen hosts",
    ),
    Known(
        "16",
        r"iptables: No chain/target/match by that name",
        "Restarting the firewall removed Docker's own chains.",
        "Run `systemctl restart docker` on the host, then replay.",
        True,
        "notes of a Kafka cluster on thirteen hosts",
    ),
    Known(
        "17",
        r"lookup \S{1,300} on \S{1,100}: no such host",
        "A container does not know the name of another: nobody told it the address.",
        "Names on the same host are known once their containers start. When it lasts, run `fabwiz generate` and "
        "`fabwiz replay`: every container then gets the others' addresses (extra_hosts).",
        False,
        "yeasy/docker-compose-files#53; minifabric#154; composer#2501",
    ),
    Known(
        "15",
        r"connect: no route to host",
        "A firewall on the other host rejects the connection, or the host is down.",
        "Open the network's ports on that host (`fabwiz plan` lists them) rather than stopping the firewall: stopping "
        "or restarting it takes Docker's rules away.",
        False,
        "notes of a Kafka cluster on thirteen hosts",
    ),
    Known(
        "18",
        r"failed to create deliver client: orderer client failed to connect to \S{1,300}: "
        r"failed to create new connection: context deadline exceeded",
        "The orderer did not answer: it is down, its port is closed, or TLS or the CA file do not fit.",
        "Look at `fabwiz status` and the orderer's log; in the cli container give --tls and the orderers' own TLS CA "
        "with --cafile, and call the orderer by its full name.",
        False,
        "notes of a Kafka cluster on thirteen hosts; xmhubj#1",
        since=(1, 1, 0),
    ),
    Known(
        "29",
        r"exec format error",
        "The image is for another processor than the host has.",
        "Name images for the host's architecture in images.overrides of the session, or use hosts of the images' "
        "architecture (x86-64 for the published 1.x images).",
        True,
        "caliper#211",
    ),
)
