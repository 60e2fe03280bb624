"""What can be mended on a host, and how: its services, its service manager and its firewall. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fabwiz.deploy.distribution import OS_SCRIPT, Init, init
from fabwiz.deploy.firewall import FIREWALL_SCRIPT, Firewall
from fabwiz.remote.connection import Connection

CLOCKS = ("chronyd", "chrony", "systemd-timesyncd", "ntpd", "ntp", "ntpsec", "openntpd")
"""Services that keep the time, by the names that distributions give them; the first that is there is taken."""

# ADDRESS...: see FIREWALL_SCRIPT; and `unit=NAME STATE` for the services above and Docker
SURVEY_SCRIPT = (
    r"""
LC_ALL=C; export LC_ALL
say() { printf '%s=%s\n' "$1" "$2"; }
say uid "$(id -u)"
say login "${SUDO_USER:-$(id -un)}"
"""
    + OS_SCRIPT
    + rf"""
for name in docker {" ".join(CLOCKS)}; do
  state=absent
  case $init in
  systemd)
    if systemctl cat "$name.service" >/dev/null 2>&1; then
      state=$(systemctl is-active "$name.service" 2>/dev/null)
      [ "$(systemctl is-enabled "$name.service" 2>/dev/null)" != masked ] || state=masked
    fi ;;
  openrc)
    if rc-service --exists "$name" 2>/dev/null; then
      state=inactive; ! rc-service "$name" status >/dev/null 2>&1 || state=active
    fi ;;
  sysv)
    if [ -x "/etc/init.d/$name" ]; then
      state=inactive; ! service "$name" status >/dev/null 2>&1 || state=active
    fi ;;
  esac
  say unit "$name $state"
done
"""
    + FIREWALL_SCRIPT
    + "exit 0\n"
)


@dataclass(slots=True)
class Survey:
    """What SURVEY_SCRIPT printed."""

    values: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    """By service: active, inactive, failed, masked, absent, or what else systemd says."""
    zones: dict[str, str] = field(default_factory=dict)
    """firewalld's zone by address."""

    @property
    def is_root(self) -> bool:
        """Whether it was asked with root's privileges: else nothing can be mended."""
        return self.values.get("uid") == "0"

    @property
    def init(self) -> Init:
        """Who starts services there."""
        return init(self.values)

    @property
    def firewall(self) -> Firewall:
        """Who filters there."""
        return next((one for one in Firewall if one == self.values.get("firewall")), Firewall.NONE)

    def is_off(self, service: str) -> bool:
        """Whether it is installed and stands still; one that is masked stands still for a reason."""
        return self.units.get(service) in ("inactive", "failed")

    @property
    def clock(self) -> str | None:
        """The service that could keep the time and does not; `None` if there is none, or one that does."""
        if any(self.units.get(name) in ("active", "activating") for name in CLOCKS):
            return None
        return next((name for name in CLOCKS if self.is_off(name)), None)


def survey(connection: Connection, addresses: Sequence[str]) -> Survey:
    """Ask a host, `addresses` being those that are to be let in. Raises RemoteError."""
    argv = ["sh", "-c", SURVEY_SCRIPT, "survey", *addresses]
    return parse(connection.run(argv, root=True, timeout=60, limit=1 << 20).check("looking at its services").stdout)


def parse(text: str) -> Survey:
    """Read what the script prints; other lines are passed over."""
    found = Survey()
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        first, _, second = value.partition(" ")
        if not equals or not key.isidentifier():
            continue
        if key == "unit":
            found.units[first] = second.strip()
        elif key == "zone":
            found.zones[first] = second.strip()
        else:
            found.values[key] = value.strip()
    return found
