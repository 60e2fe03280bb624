"""The files of a chaincode's source folder: in order, links kept inside, nothing of editors and version control."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MAX_FILE = 32 << 20
MAX_TOTAL = 90 << 20
"""Bytes of source at most: the package must fit into one gRPC message of 100 MB."""
MAX_FILES = 20_000

_IGNORED_FOLDERS = {".git", ".hg", ".svn", ".bzr", "CVS", ".idea", ".vscode", "__pycache__"}
_IGNORED_FILES = {".DS_Store", "Thumbs.db", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep"}
_IGNORED_SUFFIXES = ("~", ".swp", ".swo")


class PackageError(Exception):
    """Source that cannot become a chaincode package; the message names the file and the way out."""


def walk(root: Path, skip_folders: frozenset[str] = frozenset()) -> Iterator[PurePosixPath]:
    """Paths of the files below a folder, relative to it, sorted by their names' bytes.

    `skip_folders` holds relative folders that are left out whole. A link to a file inside the folder counts as that
    file. Raises PackageError for links that lead out of the folder or to a folder, for sockets and devices, for names
    that are not UTF-8, and for more than 20,000 files.
    """
    if not root.is_dir():
        raise PackageError(f"{root}: there is no such folder")
    real_root = root.resolve()
    found: list[PurePosixPath] = []
    for folder, folders, files in os.walk(root, onerror=_unreadable):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(
            name for name in folders if name not in _IGNORED_FOLDERS and str(here / name) not in skip_folders
        )
        linked = [name for name in folders if (root / here / name).is_symlink()]
        if linked:
            raise PackageError(f"{root / here / linked[0]}: links to folders are not packaged; put the files there")
        for name in files:
            if name in _IGNORED_FILES or name.endswith(_IGNORED_SUFFIXES):
                continue
            _check(root / here / name, real_root)
            found.append(PurePosixPath((here / name).as_posix()))
            if len(found) > MAX_FILES:
                raise PackageError(f"{root}: more than {MAX_FILES} files; is this the chaincode's folder?")
    return iter(sorted(found, key=lambda path: str(path).encode()))


def read(root: Path, paths: Iterator[PurePosixPath] | list[PurePosixPath]) -> dict[PurePosixPath, bytes]:
    """Contents of files by path. Raises PackageError where one cannot be read, or there is too much of it."""
    contents: dict[PurePosixPath, bytes] = {}
    total = 0
    for path in paths:
        file = root / path
        try:
            size = file.stat().st_size
            total += size
            if size > MAX_FILE or total > MAX_TOTAL:
                raise PackageError(
                    f"{file}: with it the source has {total >> 20} MB; a package may have {MAX_TOTAL >> 20} MB, "
                    f"a file {MAX_FILE >> 20} MB"
                )
            contents[path] = file.read_bytes()
        except OSError as error:
            raise PackageError(f"{file}: {error.strerror}") from error
    return contents


def _check(file: Path, real_root: Path) -> None:
    try:
        str(file).encode()
    except UnicodeEncodeError as error:
        raise PackageError(f"{str(file)!r}: the name is not UTF-8; rename the file") from error
    if file.is_symlink():
        try:
            target = file.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise PackageError(f"{file}: the link leads nowhere") from error
        if not target.is_relative_to(real_root):
            raise PackageError(f"{file}: the link leads out of the chaincode's folder, to {target}")
    if not file.is_file():
        raise PackageError(f"{file}: neither a file nor a folder")


def _unreadable(error: OSError) -> None:
    raise PackageError(f"{error.filename}: {error.strerror}") from error
