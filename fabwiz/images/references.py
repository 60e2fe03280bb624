"""Names of images: one spelling for all that mean the same."""

from __future__ import annotations


def normal(reference: str) -> str:
    """A reference as Docker shows it: without Docker's own registry and `library/`, with `:latest` where none is said.

    `docker.io/hyperledger/fabric-peer:1.4.12` is `hyperledger/fabric-peer:1.4.12` (distribution/reference, familiar
    names). A digest stays as it is.
    """
    for registry in ("docker.io/", "index.docker.io/"):
        reference = reference.removeprefix(registry)
    if reference.count("/") == 1:
        reference = reference.removeprefix("library/")
    if has_digest(reference) or ":" in reference.rpartition("/")[2]:
        return reference
    return f"{reference}:latest"


def has_digest(reference: str) -> bool:
    """Whether it names an image by its content: `name@sha256:...`. No archive can bring such a name along."""
    return "@" in reference


def file_name(reference: str) -> str:
    """A name for an image's archive that every file system takes: `hyperledger_fabric-peer_1.4.12.tar`."""
    return f"{''.join(c if c.isascii() and (c.isalnum() or c in '.-') else '_' for c in reference)}.tar"
