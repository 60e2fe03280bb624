"""A site: hosts of the lab for a session, the operator's workstation, and the neighbours on the hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fabwiz.session.network import Network
from tests.lab.machine.lab import Lab, LabHost
from tests.lab.site.neighbours import Neighbours
from tests.lab.site.workstation import Workstation, lab_session


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a test of the lab needs."""

    hosts: Mapping[str, LabHost]
    """By their name in the session."""
    station: Workstation
    neighbours: Neighbours

    @property
    def network(self) -> Network:
        return self.station.network

    def host_of(self, node: str) -> LabHost:
        """The host of a node, such as `kafka2` or `peer0.org1.example.com`."""
        return self.hosts[next(n.host for n in self.network.nodes if n.name == node)]


class Sites:
    """Makes sites. `images` of a site: `full`, the hosts have all images; `bare`, they have none."""

    def __init__(self, lab: Lab, stock: Mapping[str, Any], new_folder: Callable[[], Path]) -> None:
        self.lab = lab
        self.archives: Mapping[str, Path] = {name: Path(path) for name, path in stock["images"].items()}
        """By image name: what `docker load` takes."""
        self._stock = stock
        self._seeds = {kind: Path(stock[kind]) for kind in ("full", "bare")}
        self._new_folder = new_folder

    @property
    def program(self) -> tuple[Path, ...]:
        """Tar files of what a host needs to run fabwiz itself."""
        return tuple(Path(path) for path in self._stock["program"])

    @contextmanager
    def __call__(
        self,
        session: str | Mapping[str, Any],
        *,
        images: Literal["full", "bare"] = "full",
        suites: Mapping[int, str] | None = None,
        disks: Mapping[int, str] | None = None,
        ssh_ports: Mapping[int, int] | None = None,
    ) -> Iterator[Site]:
        """Clean hosts for an example, or for what `lab_session` makes of one; the hosts of the session, in order.

        By host number, from 1: `suites`, `disks`, `ssh_ports` (see `Lab.hosts`). The session is the caller's: what it
        says of SSH ports and users must fit. Everything is gone afterwards.
        """
        data = lab_session(session) if isinstance(session, str) else session
        names = list(data["hosts"])
        options = {"suites": suites, "disks": disks, "ssh_ports": ssh_ports}
        with self.lab.hosts(len(names), seed=self._seeds[images], **options) as hosts:  # type: ignore[arg-type]
            neighbours = Neighbours.settle(hosts)
            station = Workstation(self._new_folder(), self.lab, data)
            yield Site(dict(zip(names, hosts, strict=True)), station, neighbours)
