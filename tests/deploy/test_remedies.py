"""What is told, and what is typed, by the host's distribution, service manager and firewall."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fabwiz.deploy.distribution import OS_SCRIPT, Init, distribution, init, installing, starting
from fabwiz.deploy.firewall import Firewall, Opening, opening, openings
from fabwiz.deploy.fix import making
from fabwiz.deploy.host_probe import PROBE_SCRIPT, Probe, parse_probe, problems
from fabwiz.deploy.survey import SURVEY_SCRIPT, parse
from fabwiz.session.network import Network

DEBIAN = {"os_ID": "debian", "os_VERSION_ID": "12", "init": "systemd"}
NEEDED = [("192.0.2.11", 3888), ("192.0.2.11", 2888), ("192.0.2.12", 2181)]


@pytest.mark.parametrize(
    ("values", "docker", "compose"),
    [
        (DEBIAN, "apt-get install -y docker.io", "apt-get install -y docker-compose"),
        ({"os_ID": "ubuntu"}, "apt-get install -y docker.io", "apt-get install -y docker-compose-v2"),
        ({"os_ID": "linuxmint", "os_ID_LIKE": "ubuntu debian"}, "apt-get install -y docker.io", "docker-compose-v2"),
        (
            {"os_ID": "rocky", "os_ID_LIKE": "rhel centos fedora", "os_VERSION_ID": "9.4"},
            "dnf install -y docker-ce",
            "dnf",
        ),
        ({"os_ID": "centos", "os_VERSION_ID": "7"}, "yum install -y docker-ce", "yum install -y docker-compose-plugin"),
        ({"os_ID": "fedora", "os_VERSION_ID": "42"}, "dnf install -y moby-engine", "dnf install -y docker-compose"),
        ({"os_ID": "opensuse-leap", "os_ID_LIKE": "suse opensuse"}, "zypper install -y docker", "zypper"),
        ({"os_ID": "sles"}, "zypper install -y docker", "zypper install -y docker-compose"),
        ({"os_ID": "alpine"}, "apk add docker", "apk add docker-cli-compose"),
        ({"os_ID": "haiku"}, "install Docker", "install the Compose plugin or docker-compose"),
        ({}, "install Docker", "install the Compose plugin or docker-compose"),
    ],
)
def test_each_distribution_has_its_own_commands(values: dict[str, str], docker: str, compose: str) -> None:
    assert docker in installing(values, "docker")
    assert compose in installing(values, "compose")
    assert ("package repository" in installing(values, "docker")) == (
        distribution(values) is not None and "ce" in docker
    )


def test_services_are_started_now_and_at_boot() -> None:
    assert starting(Init.SYSTEMD, "docker") == [
        ("systemctl", "enable", "docker.service"),
        ("systemctl", "start", "docker.service"),
    ]
    assert starting(Init.SYSTEMD, "systemd-timesyncd") == [("timedatectl", "set-ntp", "true")]
    assert starting(Init.OPENRC, "docker") == [
        ("rc-update", "add", "docker", "default"),
        ("rc-service", "docker", "start"),
    ]
    assert starting(Init.SYSV, "docker") == [("service", "docker", "start")]
    assert starting(Init.UNKNOWN, "docker") == []
    assert init({"init": "launchd"}) is Init.UNKNOWN


def found(network: Network, text: str) -> dict[str, str]:
    """Problems of a host that says `text`, with their remedies."""
    probe = parse_probe(f"clock=1000\nfree_kb=9999999\n{text}")
    probe.asked = 1000.0
    return dict(problems(network, network.hosts["a"], probe, rehearsal=False))


DEBIAN_TEXT = "os_ID=debian\ninit=systemd\nuser=ann"
ENGINE = "engine=24.0\nstandalone=1.29\n"


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("sh: 4: docker: not found", "install Docker: `apt-get install -y docker.io`, start it: `systemctl enable"),
        ("Cannot connect to the Docker daemon. Is the docker daemon running?", "start it: `systemctl enable docker"),
        ("permission denied while trying to connect", "`usermod -aG docker ann`"),
    ],
)
def test_an_engine_that_does_not_answer_is_told_by_what_the_client_says(
    said: str, remedy: str, network: Network
) -> None:
    told = found(network, f"{DEBIAN_TEXT}\nengine_error={said}\nstandalone=1.29")

    assert remedy in told[f"no Docker engine answers ({said})"]


def test_compose_folder_and_clock_have_remedies_for_the_distribution(network: Network) -> None:
    told = found(network, f"{DEBIAN_TEXT}\nengine=24.0\nnot_writable=/opt\nclock=5000")

    assert "apt-get install -y docker-compose" in told["neither `docker compose` nor `docker-compose` is there"]
    assert "install -d -m 0700 -o ann /opt/fabwiz/lan4" in told["/opt cannot be written for /opt/fabwiz/lan4"]
    (clock,) = (remedy for text, remedy in told.items() if "its clock" in text)
    assert "apt-get install -y chrony" in clock


@pytest.mark.parametrize("user", ["ann; reboot", "`reboot`", "$(reboot)", "-o", "", "x" * 65])
def test_what_a_host_calls_its_user_is_no_part_of_a_command(user: str, network: Network) -> None:
    told = found(network, f"os_ID=debian\nuser={user}\nengine_error=permission denied\nnot_writable=/opt\nplugin=2")

    remedies = " ".join(told.values())
    assert "usermod -aG docker USER" in remedies
    assert "-o USER /opt/fabwiz/lan4" in remedies
    assert "reboot" not in remedies


def test_a_host_that_is_fit_has_none(network: Network) -> None:
    assert found(network, f"{DEBIAN_TEXT}\n{ENGINE}") == {}


def test_the_probe_reads_the_release_file_and_does_not_run_it(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text(f'ID=\'rocky\'\nID_LIKE="rhel centos"\nVERSION_ID="$(touch {tmp_path}/run)"\n')
    script = OS_SCRIPT.replace("/etc/os-release", str(release))
    said = subprocess.run(
        ["sh", "-c", 'say() { printf \'%s=%s\\n\' "$1" "$2"; }' + script], capture_output=True, text=True, check=True
    ).stdout

    assert "os_ID=rocky\nos_ID_LIKE=rhel centos\n" in said
    assert not (tmp_path / "run").exists()
    assert OS_SCRIPT in PROBE_SCRIPT
    assert OS_SCRIPT in SURVEY_SCRIPT


def test_ports_are_gathered_by_the_address_that_needs_them() -> None:
    assert openings(NEEDED) == [Opening("192.0.2.11", (2888, 3888)), Opening("192.0.2.12", (2181,))]


def test_ufw_lets_in_exactly_these() -> None:
    assert opening(Firewall.UFW, openings(NEEDED), {}, {}) == [
        ("ufw", "allow", "proto", "tcp", "from", "192.0.2.11", "to", "any", "port", "2888,3888"),
        ("ufw", "allow", "proto", "tcp", "from", "192.0.2.12", "to", "any", "port", "2181"),
    ]


def test_firewalld_takes_a_rule_for_now_and_one_for_good_in_the_zone_of_the_interface() -> None:
    rule = 'rule family="ipv6" source address="2001:db8::1" port port="7050" protocol="tcp" accept'
    zones = {"2001:db8::1": "internal", "192.0.2.1": "$(reboot)"}

    commands = opening(Firewall.FIREWALLD, openings([("2001:db8::1", 7050), ("192.0.2.1", 7050)]), {}, zones)

    assert commands[2:] == [
        ("firewall-cmd", "--zone=internal", f"--add-rich-rule={rule}"),
        ("firewall-cmd", "--permanent", "--zone=internal", f"--add-rich-rule={rule}"),
    ]
    assert not any("reload" in word or "reboot" in word for command in commands for word in command)


def test_iptables_opens_what_is_forwarded_to_docker_too_where_the_operator_filters_that() -> None:
    commands = opening(Firewall.IPTABLES, openings([("192.0.2.11", 2888)]), {"docker_user": "4"}, {})

    assert [" ".join(one) for one in commands] == [
        "iptables -I INPUT -p tcp -s 192.0.2.11 --dport 2888 -j ACCEPT",
        "iptables -I DOCKER-USER -p tcp -s 192.0.2.11 -m conntrack --ctorigdstport 2888 -j RETURN",
    ]
    assert [one[0] for one in opening(Firewall.IPTABLES, openings([("2001:db8::1", 1)]), {}, {})] == ["ip6tables"]


def test_a_rule_takes_fifteen_ports_at_most() -> None:
    many = openings([("192.0.2.11", port) for port in range(7000, 7020)])

    ufw = opening(Firewall.UFW, many, {}, {})

    assert [len(command[-1].split(",")) for command in ufw] == [15, 5]


@pytest.mark.parametrize("firewall", [Firewall.NFTABLES, Firewall.NONE])
def test_what_nobody_knows_is_left_alone(firewall: Firewall) -> None:
    assert opening(firewall, openings(NEEDED), {}, {}) == []


@pytest.mark.parametrize("firewall", list(Firewall))
def test_no_firewall_is_stopped_or_opened_to_everybody(firewall: Firewall) -> None:
    for command in opening(firewall, openings(NEEDED), {"docker_user": "4"}, {}):
        text = " ".join(command)
        assert not any(word in text for word in ("stop", "disable", "-F", "-X", "-P ", "-D ", "flush", "0.0.0.0"))
        assert "192.0.2.1" in text


@pytest.mark.parametrize(
    ("existing", "user", "commands"),
    [
        (
            "/opt",
            "ann",
            ["install -d -m 0755 -- /opt/fabwiz", "install -d -m 0700 -o ann -- /opt/fabwiz/lan4"],
        ),
        ("/opt/fabwiz", "ann", ["install -d -m 0700 -o ann -- /opt/fabwiz/lan4"]),
        ("/opt/fabwiz/lan4", "ann", []),
        ("/opt", "", []),
        ("/opt", "ann; reboot", []),
        ("/opt", "-ann", []),
    ],
)
def test_a_folder_is_made_only_where_none_is(existing: str, user: str, commands: list[str]) -> None:
    assert [" ".join(one) for one in making("/opt/fabwiz/lan4/", existing, user)] == commands


class Machine:
    """A PATH of stand-ins for a host's tools."""

    def __init__(self, folder: Path, shell: str) -> None:
        self._folder = folder
        self._shell = shell
        folder.mkdir()
        for name in ("id", "sed", "head", "tr", "grep", "printf"):
            (folder / name).symlink_to(str(shutil.which(name)))
        self.has("sh", None)

    def has(self, name: str, script: str | None) -> None:
        path = self._folder / name
        if script is None:
            path.symlink_to(str(shutil.which("dash" if self._shell == "dash" else "busybox")))
        else:
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def survey(self, init: str, *addresses: str) -> dict[str, object]:
        script = SURVEY_SCRIPT.replace("/run/systemd/system", str(self._folder if init == "systemd" else "/nowhere"))
        argv = [str(self._folder / "sh"), "-c", script, "survey", *addresses]
        environment = {"PATH": str(self._folder), "SUDO_USER": "ann"}
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=True, timeout=60)
        assert done.stderr == "", done.stderr
        seen = parse(done.stdout)
        return {
            "init": seen.init,
            "login": seen.values["login"],
            "root": seen.is_root,
            "firewall": seen.firewall,
            "docker": seen.is_off("docker"),
            "clock": seen.clock,
            "zones": seen.zones,
            "docker_user": seen.values.get("docker_user"),
        }


@pytest.fixture(params=["dash", "busybox"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return Machine(tmp_path / "bin", request.param)


SYSTEMCTL = """
case "$1 $2" in
"cat docker.service" | "cat chrony.service" | "cat ntp.service") ;;
"is-active docker.service") echo inactive; exit 3 ;;
"is-active chrony.service") echo failed; exit 3 ;;
"is-active ntp.service") echo inactive; exit 3 ;;
"is-enabled ntp.service") echo masked; exit 1 ;;
"is-enabled "*) echo disabled; exit 1 ;;
*) exit 1 ;;
esac"""


def test_a_survey_with_systemd_and_firewalld(machine: Machine) -> None:
    machine.has("systemctl", SYSTEMCTL)
    machine.has("ip", 'echo "$4 dev eth1 src 192.0.2.9"')
    machine.has(
        "firewall-cmd",
        "case $1 in --state) echo running ;; --get-default-zone) echo public ;; "
        "--get-zone-of-interface=?*) echo internal ;; *) exit 2 ;; esac",
    )

    seen = machine.survey("systemd", "192.0.2.11")

    assert seen == {
        "init": Init.SYSTEMD,
        "login": "ann",
        "root": os.getuid() == 0,
        "firewall": Firewall.FIREWALLD,
        "docker": True,
        "clock": "chrony",
        "zones": {"192.0.2.11": "internal"},
        "docker_user": None,
    }


def test_a_survey_with_openrc_and_ufw(machine: Machine) -> None:
    machine.has("rc-service", 'case "$*" in "--exists docker" | "--exists ntpd" | "ntpd status") ;; *) exit 1 ;; esac')
    machine.has("ufw", "echo 'Status: active'; echo; echo 'To  Action'")
    machine.has("iptables", 'echo "-P $2 DROP"')

    seen = machine.survey("openrc")

    assert (seen["init"], seen["firewall"]) == (Init.OPENRC, Firewall.UFW)
    assert (seen["docker"], seen["clock"]) == (True, None)  # ntpd runs


@pytest.mark.parametrize(
    ("rules", "firewall", "docker_user"),
    [
        ({"INPUT": "-P INPUT ACCEPT"}, Firewall.NONE, None),
        ({"INPUT": "-P INPUT DROP"}, Firewall.IPTABLES, None),
        ({"INPUT": "-P INPUT ACCEPT\n-A INPUT -i eth0 -j LAB"}, Firewall.IPTABLES, None),
        ({"DOCKER-USER": "-N DOCKER-USER\n-A DOCKER-USER -j RETURN"}, Firewall.NONE, None),
        ({"DOCKER-USER": "-N DOCKER-USER\n-A DOCKER-USER -s 192.0.2.7/32 -j DROP"}, Firewall.IPTABLES, "4"),
    ],
)
def test_a_survey_of_chains(
    machine: Machine, rules: dict[str, str], firewall: Firewall, docker_user: str | None
) -> None:
    answers = "".join(f"{chain}) echo '{text}' ;;\n" for chain, text in rules.items())
    machine.has("iptables", f'case $2 in\n{answers}*) echo "No chain/target/match by that name." >&2; exit 1 ;; esac')

    seen = machine.survey("sysv")

    assert (seen["firewall"], seen["docker_user"]) == (firewall, docker_user)


def test_rules_of_somebodys_own_are_told_from_none(machine: Machine) -> None:
    machine.has("nft", "echo 'table inet filter { chain input { type filter hook input priority 0; policy drop; } }'")

    assert machine.survey("sysv")["firewall"] is Firewall.NFTABLES


@pytest.mark.parametrize("line", ["unit", "unit=", "zone=", "=x", "firewall=pf", "init=x", "uid=zero", "no equals"])
def test_nonsense_is_passed_over(line: str) -> None:
    seen = parse(f"{line}\nlogin=ann\n")

    assert seen.values["login"] == "ann"
    assert (seen.firewall, seen.init, seen.is_root, seen.clock) == (Firewall.NONE, Init.UNKNOWN, False, None)


def test_a_probe_without_the_new_lines_still_tells(network: Network) -> None:
    """Such as one whose release file is missing."""
    probe = Probe({"clock": "1000"}, asked=1000.0)

    assert dict(problems(network, network.hosts["a"], probe, rehearsal=False))
