"""The names of `fabwiz.images.names`, with the errors of everything else that makes artifacts."""

from __future__ import annotations

from fabwiz.artifacts.errors import release_of
from fabwiz.images import names
from fabwiz.images.names import ChaincodeImages
from fabwiz.session.network import Network, Role


def image(network: Network, role: Role) -> str:
    """The image of a role. Raises ArtifactError for an unknown release."""
    release_of(network)
    return names.image(network, role)


def chaincode_images(network: Network) -> ChaincodeImages:
    """The images that peers build and run chaincode with. Raises ArtifactError for an unknown release."""
    release_of(network)
    return names.chaincode_images(network)


def images_of_host(network: Network, host: str) -> list[str]:
    """The images that a host must have; see `names.images_of_host`. Raises ArtifactError for an unknown release."""
    release_of(network)
    return names.images_of_host(network, host)
