"""Taking a network away: its containers, and on request its data and files. Nothing without its label is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.artifacts.compose import docker_network
from fabwiz.artifacts.images import chaincode_images
from fabwiz.deploy.docker import NETWORK_LABEL
from fabwiz.deploy.phase import Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.session.network import REMOTE_PARENT, Host, Network, Role
from fabwiz.session.workspace import Workspace

# What peers start and make carries no label of ours. Chaincode containers are known by the two things together that
# only our peers give them: Docker's network, which is ours, and a name that begins with ours and the peer's.
# Containers that build chaincode have a random name, so there it is our network and the builder's image. Images with
# built chaincode have Fabric's label and the same names as the containers, in lower case.
# Arguments of all scripts: label, Docker network, builder image, remote_dir, then one name prefix a peer.
_KNOWN = r"""
label=$1; network=$2; builder=$3; folder=$4; shift 4
containers() {
  docker ps -aq --filter "label=$label"
  [ -z "$builder" ] || docker ps -aq --filter "network=$network" --filter "ancestor=$builder" 2>/dev/null
  for prefix in "$@"; do docker ps -aq --filter "network=$network" --filter "name=^/?$prefix" 2>/dev/null; done
}
images() {
  for prefix in "$@"; do
    name=$(printf %s "$prefix" | tr A-Z a-z)
    docker images --filter label=org.hyperledger.fabric.chaincode.type --format '{{.Repository}}:{{.Tag}}' "$name*"
  done
}
"""
REMOVE_SCRIPT = (
    _KNOWN
    + r"""
for id in $(docker ps -aq --filter "label=$label"); do docker rm -f "$id" || exit 1; done
for id in $(containers "$@" | sort -u); do docker rm -f "$id" || exit 1; done
for id in $(docker network ls -q --filter "label=$label"); do docker network rm "$id" || exit 1; done
exit 0
"""
)
# Peers take an image with built chaincode for good by its name alone, which says nothing of the source or the ledger.
DATA_SCRIPT = (
    _KNOWN
    + r"""
for volume in $(docker volume ls -q --filter "label=$label"); do docker volume rm "$volume" || exit 1; done
for image in $(images "$@"); do docker rmi "$image" || exit 1; done
exit 0
"""
)
# Placing an empty bundle has removed each file with the folders that this emptied; Docker makes others where a file
# is missing that it was to mount. Arguments: remote_dir, and the folder that is ours from top to bottom, if any: in
# one that the operator named only what bundles put there is ours.
FOLDERS_SCRIPT = r"""
rm -rf "$1/manifest.json" "$1/.images"
case $1 in "$2"/*) [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null ;; esac
[ ! -d "$1" ] || rmdir "$1" 2>/dev/null
case $1 in "$2"/*) [ ! -d "$2" ] || rmdir "$2" 2>/dev/null ;; esac
exit 0
"""
LEFT_SCRIPT = (
    _KNOWN
    + r"""
containers "$@"; docker network ls -q --filter "label=$label"
exit 0
"""
)
LEFT_DATA_SCRIPT = (
    LEFT_SCRIPT.removesuffix("exit 0\n")
    + r"""
docker volume ls -q --filter "label=$label"; images "$@"
[ ! -e "$folder/manifest.json" ] || echo "$folder"
exit 0
"""
)


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
            actions.append(
                Action("command", f"remove volumes labelled {self._label}, images with chaincode built here")
            )
            actions.append(Action("command", f"remove what fabwiz put into {self._host.remote_dir}"))
        return actions

    def look(self, run: Run) -> str | None:
        """Whether anything is left."""
        script = LEFT_DATA_SCRIPT if self._data else LEFT_SCRIPT
        answer = run.connection(self._host.name).run(self._argv(script), root=True, timeout=60).check()
        left = answer.stdout.split()
        return None if left else "nothing is left there"

    def act(self, run: Run) -> str:
        """Remove."""
        connection = run.connection(self._host.name)
        connection.run(self._argv(REMOVE_SCRIPT), root=True, timeout=300).check(
            f"removing containers on {self._host.name}"
        )
        if self._data:
            connection.run(self._argv(DATA_SCRIPT), root=True, timeout=300).check(f"removing data on {self._host.name}")
            # an empty bundle: what earlier ones put there goes, and only that
            connection.put_bundle(run.workspace.root, [], self._host.remote_dir)
            argv = ["sh", "-c", FOLDERS_SCRIPT, "down", self._host.remote_dir, REMOTE_PARENT]
            connection.run(argv, root=True).check()
            return "containers, network, volumes and files removed"
        return "containers and network removed; data and files are kept"

    def _argv(self, script: str) -> list[str]:
        peers = [node for node in self.network.on(self._host.name) if node.role is Role.PEER]
        # without a release that is known no builder is, and none of its containers can run
        builder = chaincode_images(self.network).builder if self.network.release else ""
        prefixes = [f"{self.network.name}-{peer.name}-" for peer in peers]
        known = [self._label, docker_network(self.network), builder, self._host.remote_dir]
        return ["sh", "-c", script, "down", *known, *prefixes]


def stages(network: Network, data: bool) -> Iterable[Stage]:
    """All hosts at once."""
    yield [TakeAway(network, host, data) for host in network.hosts.values() if network.on(host.name)]
