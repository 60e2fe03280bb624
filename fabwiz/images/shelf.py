"""The folder with the operator's image archives: which images there are, and what is wrong with its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from shlex import quote

from fabwiz.images.archive import ArchivedImage, read_archive
from fabwiz.images.references import file_name, normal
from fabwiz.images.tarball import ArchiveError
from fabwiz.session.network import Network

_ENDINGS = (".tar", ".tar.gz", ".tgz")


@dataclass(slots=True)
class Shelf:
    """The images of a folder by normalized name; an image that several archives hold alike is there once."""

    folder: Path
    images: dict[str, list[ArchivedImage]] = field(default_factory=dict)
    damaged: list[ArchiveError] = field(default_factory=list)

    def of(self, name: str) -> list[ArchivedImage]:
        """The images that go by a name: none, one, or several different ones, between which nobody can choose."""
        return self.images.get(normal(name), [])


def archives_folder(network: Network, base: Path) -> Path:
    """Where `images.archives` is; `base` is the session file's folder. Raises RuntimeError for an unknown `~user`."""
    return base / Path(network.session.images.archives).expanduser()


def read_shelf(folder: Path) -> Shelf:
    """Look through a folder. Raises OSError when it is not there or cannot be listed."""
    shelf = Shelf(folder)
    for path in sorted(path for path in folder.iterdir() if _is_archive(path)):
        try:
            stat = path.stat()
            images = _read(path, stat.st_size, stat.st_mtime_ns)
        except ArchiveError as error:
            shelf.damaged.append(error)
            continue
        except OSError as error:
            shelf.damaged.append(ArchiveError(path, error.strerror or str(error)))
            continue
        for image in images:
            for name in image.names:
                there = shelf.images.setdefault(name, [])
                if image.id not in {one.id for one in there}:
                    there.append(image)
    return shelf


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith(_ENDINGS) and not path.name.startswith(".") and not path.is_dir()


@lru_cache(maxsize=256)
def _read(path: Path, size: int, time: int) -> tuple[ArchivedImage, ...]:
    """A gzipped archive is read through to know what it holds: once is enough, as long as the file stays the same."""
    del size, time
    return read_archive(path)


def save_command(name: str, folder: str) -> str:
    """The line that makes an image's archive on a machine that reaches a registry."""
    return f"docker pull {quote(name)} && docker save -o {shell_path(f'{folder}/{file_name(name)}')} {quote(name)}"


def shell_path(path: str) -> str:
    """A path for a shell; `~/` keeps its meaning."""
    return f"~/{quote(path[2:])}" if path.startswith("~/") else quote(path)
