"""Sessions that are smaller than the examples, for tests that need many runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.lab.site.workstation import lab_session


def small(hosts: int = 3, channels: Sequence[str] = ("mychannel",), **changes: Any) -> dict[str, Any]:
    """The four-host session on fewer hosts, with fewer nodes. The last host has every role.

    `changes` replace top-level settings. Each channel runs mycc, which is asked and invoked once.
    """
    names = "abc"[:hosts]
    first, last = names[0], names[-1]
    data = lab_session("four-lan-hosts", ssh={"connect_timeout": "3s"})
    data["hosts"] = {name: data["hosts"][name] for name in names}
    data["zookeeper"] = {f"zk{number}": names[number % hosts - 1] for number in (1, 2, 3)}
    data["kafka"] |= {f"kafka{number}": names[number % hosts - 1] for number in (1, 2, 3)}
    del data["kafka"]["kafka4"]
    data["orderers"] = {"orderer1": first, "orderer2": last}
    data["organizations"]["Org1"]["peers"] = {"peer0": first}
    data["organizations"]["Org2"]["peers"] = {"peer0": last}
    data["channels"] = {name: {"organizations": ["Org1", "Org2"]} for name in channels}
    data["chaincodes"]["mycc"]["channels"] = list(channels)
    data["accept"] = {"kafka-count": "a lab, where fewer brokers start sooner"}
    return data | changes
