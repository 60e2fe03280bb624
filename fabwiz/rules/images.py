"""Image archives of hosts that cannot pull: whether they are there, whole, and hold what the hosts need."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.images.names import UnknownRelease, images_of_host
from fabwiz.images.references import has_digest
from fabwiz.images.shelf import Shelf, archives_folder, read_shelf, save_command
from fabwiz.rules.registry import ERROR, OWN, Problem, Surroundings, rule_about_surroundings
from fabwiz.session.network import Network


@rule_about_surroundings(
    "images-archives",
    ERROR,
    "with `images.source: load`, archives hold every image that a host needs",
    "Hosts that cannot pull get their images from archives that `docker save` wrote, in a folder beside the session "
    "file. Only their tables of contents are read here, so plain .tar files are checked in no time; a gzipped one has "
    "to be read through. `fabwiz images SESSION` prints the commands that make the folder.",
    OWN,
)
def archives(network: Network, around: Surroundings) -> Iterator[Problem]:
    """A folder that is missing, archives that are damaged, images that are in none, or in several and different."""
    if network.session.images.source != "load" or around.base is None:
        return
    wanted = _wanted(network)
    path = ("images", "archives") if "archives" in network.session.images.model_fields_set else ("images", "source")
    said = network.session.images.archives
    try:
        shelf = read_shelf(archives_folder(network, around.base))
    except (OSError, RuntimeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Problem(
            path,
            f"the folder {said!r} with the image archives cannot be read ({why}); make it on a machine that reaches a "
            "registry, with the commands that `fabwiz images SESSION` prints",
        )
        return
    for damaged in shelf.damaged:
        yield Problem(path, f"{said}/{damaged.path.name}: {damaged.why}; make it anew with `docker save`")
    for name, hosts in wanted.items():
        if problem := _problem(name, hosts, shelf, said):
            yield Problem(path, problem)


def _wanted(network: Network) -> dict[str, list[str]]:
    """Hosts by the image that they need."""
    wanted: dict[str, list[str]] = {}
    try:
        for host in network.hosts:
            for name in images_of_host(network, host):
                wanted.setdefault(name, []).append(host)
    except UnknownRelease:
        return {}  # another rule says so
    return wanted


def _problem(name: str, hosts: list[str], shelf: Shelf, said: str) -> str | None:
    where = f"{name}, which {', '.join(hosts[:8])}{' and others' if len(hosts) > 8 else ''} " + (
        "needs" if len(hosts) == 1 else "need"
    )
    if has_digest(name):
        return f"{where}, is named by its digest, and archives keep only tags: name it by a tag (images.overrides)"
    found = shelf.of(name)
    if not found:
        return f"{where}, is in no archive of {said!r}; make one: {save_command(name, said)}"
    if len(found) > 1:
        files = " and ".join(image.archive.name for image in found[:4])
        return f"{where}, is in {files}, and differs between them: keep the one that is meant"
    return None
