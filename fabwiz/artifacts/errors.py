"""What goes wrong while artifacts are made: always with the way out."""

from __future__ import annotations

from fabwiz.session.network import Network
from fabwiz.session.releases import RELEASES, Release


class ArtifactError(Exception):
    """Something that artifacts are made from is missing, damaged or contradicts itself. The message is for people."""


class GenerateError(ArtifactError):
    """Keys, blocks or transactions cannot be made, or must not be made over those that are there."""


def release_of(network: Network) -> Release:
    """The network's release. Raises ArtifactError where the session names none that is known."""
    if network.release is None:
        raise ArtifactError(
            f"fabric: {network.session.fabric!r} is no release with Kafka ordering; known are {', '.join(RELEASES)}"
        )
    return network.release
