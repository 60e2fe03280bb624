"""Taking a network away: its containers, and on request its data and files. Nothing without its label is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.artifacts.compose import docker_network
from fabwiz.deploy.docker import NETWORK_LABEL
from fabwiz.deploy.phase import Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.session.network import Host, Network, Role
from fabwiz.session.workspace import Workspace

# Chaincode containers carry no label of ours: the peers start them. They are known by the two things together that
# only our peers give them: Docker's network, which is ours, and a name that begins with ours and the peer's.
# Arguments: label, Docker network, then one name prefix a peer.
REMOVE_SCRIPT = r"""
label=$1; network=$2; shift 2
for prefix in "$@"; do
  for id in $(docker ps -aq --filter "network=$network" --filter "name=^/\{0,1\}$prefix"); do docker rm -f "$id"; done
done
for id in $(docker ps -aq --filter "label=$label"); do docker rm -f "$id" || exit 1; done
for id in $(docker network ls -q --filter "label=$label"); do docker network rm "$id" || exit 1; done
exit 0
"""
VOLUMES_SCRIPT = r"""
for volume in $(docker volume ls -q --filter "label=$1"); do docker volume rm "$volume" || exit 1; done
exit 0
"""
FOLDERS_SCRIPT = r"""
rm -f "$1/manifest.json"
[ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null
exit 0
"""
LEFT_SCRIPT = r"""
docker ps -aq --filter "label=$1"; docker network ls -q --filter "label=$1"
if [ "$2" = data ]; then docker volume ls -q --filter "label=$1"; [ ! -e "$3/manifest.json" ] || echo "$3"; fi
exit 0
"""


class TakeAway(Step):
    """Remove the network from one host."""

    name = "down"

    def __init__(self, network: Network, host: Host, data: bool) -> None:
        self.network = network
        self.host = host.name
        self._host = host
        self._data = data
        self.title = "remove containers, network, volumes and files" if data else "remove containers and network"

    @property
    def _label(self) -> str:
        return f"{NETWORK_LABEL}={self.network.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """What goes."""
        actions = [Action("command", f"remove containers and networks labelled {self._label}")]
        if self._data:
            actions.append(Action("command", f"remove volumes labelled {self._label}"))
            actions.append(Action("command", f"remove what fabwiz put into {self._host.remote_dir}"))
        return actions

    def look(self, run: Run) -> str | None:
        """Whether anything is left."""
        argv = ["sh", "-c", LEFT_SCRIPT, "left", self._label, "data" if self._data else "", self._host.remote_dir]
        left = run.connection(self._host.name).run(argv, root=True, timeout=60).check().stdout.split()
        return None if left else "nothing is left there"

    def act(self, run: Run) -> str:
        """Remove."""
        connection = run.connection(self._host.name)
        prefixes = [
            f"{self.network.name}-{node.name}-" for node in self.network.on(self._host.name) if node.role is Role.PEER
        ]
        argv = ["sh", "-c", REMOVE_SCRIPT, "down", self._label, docker_network(self.network), *prefixes]
        connection.run(argv, root=True, timeout=300).check(f"removing containers on {self._host.name}")
        if self._data:
            connection.run(["sh", "-c", VOLUMES_SCRIPT, "down", self._label], root=True, timeout=300).check()
            # an empty bundle: what earlier ones put there goes, and only that
            connection.put_bundle(run.workspace.root, [], self._host.remote_dir)
            connection.run(["sh", "-c", FOLDERS_SCRIPT, "down", self._host.remote_dir], root=True).check()
            return "containers, network, volumes and files removed"
        return "containers and network removed; data and files are kept"


def stages(network: Network, data: bool) -> Iterable[Stage]:
    """All hosts at once."""
    yield [TakeAway(network, host, data) for host in network.hosts.values() if network.on(host.name)]
