"""Rules about the hosts as they are. The preflight of a run raises them; here is what they teach."""

from __future__ import annotations

from fabwiz.rules.registry import ERROR, OWN, rule_of_preflight

PORT_BLOCKED = "port-blocked"

rule_of_preflight(
    PORT_BLOCKED,
    ERROR,
    "every host gets through to the ports that its nodes need on other hosts",
    "A firewall between hosts shows late and oddly: elections that never end, brokers that do not register, peers that "
    "lag behind. So each host tries the ports beforehand. Accept it only where a host's own firewall closes ports "
    "until Docker publishes them, which then lead past it.",
    OWN,
    waivable=True,
)
