"""Which images a host has, by name and by id, and how much room there is for more."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fabwiz.images.archive import ArchivedImage
from fabwiz.images.references import normal
from fabwiz.remote.answers import json_values
from fabwiz.remote.connection import Connection

FOLDER = ".images"
"""Below `remote_dir`: what is on its way into Docker, gone once it is there."""

# FOLDER: one look at everything. Docker's own tools read the formats; nothing here depends on its version.
_SCRIPT = r"""
folder=$1
arch=$(docker version --format '{{.Server.Arch}}') || exit 1
echo "arch $arch"
info=$(docker info --format '{{.DockerRootDir}} {{json .DriverStatus}}' 2>/dev/null)
echo "driver $info"
format='image {{.Id}} {{json .Created}} {{json .RootFS.Layers}} {{json .RepoTags}}'
docker images -q --no-trunc | sort -u | xargs -r docker image inspect --format "$format" 2>/dev/null
disk() {
  place=$2; while [ ! -d "$place" ] && [ "${place%/*}" != "$place" ]; do place=${place%/*}; done
  df -Pk "${place:-/}" 2>/dev/null | awk -v what="$1" 'NR == 2 {print "disk", what, $4, $6}'
}
[ -z "$info" ] || disk docker "${info%% \[*}"
disk files "$folder"
for file in "$folder"/*; do [ ! -f "$file" ] || stat -c 'part %s %n' -- "$file"; done
exit 0
"""

# FOLDER NAME...: remove all files but those
_TIDY = r"""
cd -- "$1" 2>/dev/null || exit 0
folder=$1; shift
for file in * .[!.]*; do
  for kept in "$@"; do [ "$file" != "$kept" ] || continue 2; done
  rm -rf -- "./$file"
done
cd / && rmdir -- "$folder" 2>/dev/null
exit 0
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """Where a file system is mounted, and its free bytes."""

    mount: str
    free: int


@dataclass(slots=True)
class ImageFacts:
    """What a host said."""

    architecture: str = ""
    """As Go writes it: `amd64`."""
    containerd: bool = False
    """Whether Docker keeps images in containerd's store, where their ids are not those of their configurations."""
    images: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """Time and layers of every image, by id."""
    names: dict[str, str] = field(default_factory=dict)
    """Ids by name."""
    disks: dict[str, Disk] = field(default_factory=dict)
    """`docker` and `files`."""
    parts: dict[str, int] = field(default_factory=dict)
    """Sizes of what earlier transfers left, by file name."""

    def is_there(self, image: ArchivedImage, identity: str) -> bool:
        """Whether an image of the host is that of an archive.

        Docker with containerd's store makes a manifest of its own for an archive that has none, and calls the image
        by that: there, the same layers and the same time of making count.
        """
        if identity in image.ids:
            return True
        created, layers = self.images.get(identity, ("", ()))
        same = layers == tuple(layer.diff_id for layer in image.layers) and created[:19] == image.created[:19]
        return self.containerd and same

    def add(self, image: ArchivedImage) -> None:
        """Note that an image was loaded."""
        self.images[image.id] = image.created, tuple(layer.diff_id for layer in image.layers)

    def find(self, image: ArchivedImage) -> str | None:
        """The id by which the host has an image, whatever its name."""
        return next((identity for identity in self.images if self.is_there(image, identity)), None)

    def layers_there(self, image: ArchivedImage) -> range:
        """Positions of the image's lowest layers that Docker need not be sent again."""
        if self.containerd:
            return range(0)  # it wants whole archives
        wanted = [layer.diff_id for layer in image.layers]
        longest = 0
        for _, layers in self.images.values():
            common = 0
            while common < min(len(layers), len(wanted)) and layers[common] == wanted[common]:
                common += 1
            longest = max(longest, common)
        return range(longest)


def image_facts(connection: Connection, remote_dir: str) -> ImageFacts:
    """Ask a host. Raises RemoteError, with Docker's words when it does not answer."""
    argv = ["sh", "-c", _SCRIPT, "images", f"{remote_dir}/{FOLDER}"]
    answer = connection.run(argv, root=True, timeout=120).check("asking Docker for its images")
    return parse(answer.stdout)


def parse(text: str) -> ImageFacts:
    """Read what the script prints; lines that are something else are passed over."""
    facts = ImageFacts()
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        with suppress(ValueError, TypeError):
            if kind == "arch":
                facts.architecture = rest.strip()
            elif kind == "driver":
                facts.containerd = "io.containerd.snapshotter" in rest
            elif kind == "image":
                identity, lists = rest.split(" ", 1)
                created, layers, names = json_values(lists)
                facts.images[identity] = str(created or ""), tuple(map(str, layers or ()))
                facts.names |= {normal(str(name)): identity for name in names or ()}
            elif kind == "disk":
                what, free, mount = rest.split(" ", 2)
                facts.disks[what] = Disk(mount, int(free) << 10)
            elif kind == "part":
                size, path = rest.split(" ", 1)
                facts.parts[path.rpartition("/")[2]] = int(size)
    return facts


def tidy(connection: Connection, remote_dir: str, kept: Sequence[str] = ()) -> None:
    """Remove what transfers of other images left. Raises RemoteError."""
    argv = ["sh", "-c", _TIDY, "images", f"{remote_dir}/{FOLDER}", *kept]
    connection.run(argv, root=True, timeout=120).check("removing partial image archives")
