"""Images: every host has what its roles need, at the release of the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.artifacts.images import images_of_host
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.load_images import LoadImages
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.session.network import Host, Network
from fabwiz.session.workspace import Workspace


class EnsureImages(Step):
    """Pull what a host does not have."""

    name = "images"

    def __init__(self, network: Network, host: Host) -> None:
        self.network = network
        self.host = host.name
        self._host = host
        self.images = images_of_host(network, host.name)
        self.title = f"have {len(self.images)} images"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The pulls, if everything were missing."""
        return [Action("command", f"docker pull {image}") for image in self.images]

    def look(self, run: Run) -> str | None:
        """Ask the engine for each image."""
        missing = run.docker(self._host.name).missing_images(self.images)
        return None if missing else f"all {len(self.images)} images are there"

    def act(self, run: Run) -> str:
        """Pull, one after the other: an engine pulls an image's layers in parallel already."""
        docker = run.docker(self._host.name)
        missing = docker.missing_images(self.images)
        if self.network.session.images.source == "present":
            raise StepFailed(
                f"images are missing: {', '.join(missing)}",
                remedy="load them there (docker load), let the hosts pull them (images.source: pull), or let "
                "fabwiz send them (images.source: load)",
            )
        for image in missing:
            run.raise_if_stopped()
            run.emit(Kind.LOG, phase=Phase.IMAGES, host=self._host.name, message=f"pulling {image}")
            docker.pull(image, self.network.session.timeouts.pull)
        return f"pulled {', '.join(missing)}"


def stages(network: Network) -> Iterable[Stage]:
    """All hosts at once."""
    kind = LoadImages if network.session.images.source == "load" else EnsureImages
    yield [kind(network, host) for host in network.hosts.values() if network.on(host.name)]


SPEC = PhaseSpec(Phase.IMAGES, "fetch images", "Each host has the images of its roles, and no others.", stages)
