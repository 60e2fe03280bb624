"""Placing a bundle of files on a host: whole or not at all, file by file, and nothing beside them touched.

One archive goes to a 0600 temporary name in the target folder; there its checksum is verified, it is unpacked into a
staging folder, and each file is renamed to its place. Folders are never swapped, so that containers which have
mounted one go on seeing it. `manifest.json` is written last; until then a copy named `.fabwiz-pending.json` lets the
next run know what an interrupted one may have placed. The host needs sh, tar, gzip and something that makes SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets as tokens
import stat
import tarfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fabwiz.remote import scripts
from fabwiz.remote.connection import BundleFile, CommandFailed, PutReport, RemoteError, Result

if TYPE_CHECKING:
    from fabwiz.remote.shell import ShellConnection

MANIFEST = "manifest.json"
PENDING = ".fabwiz-pending.json"
_TIMEOUT = 120.0
_BYTES_PER_SECOND = 20_000
"""The slowest line that an upload is waited for."""
_MAX_MANIFEST = 4 << 20


@dataclass
class _Found:
    """What lies on the host."""

    modes: dict[str, int] = field(default_factory=dict)
    """st_mode of each wanted path that exists."""
    sums: dict[str, str] = field(default_factory=dict)
    litter: bool = False
    """A run that was killed has left its archive or staging folder."""
    manifest: str = ""
    pending: str = ""

    def placed_before(self) -> set[str]:
        """Paths that earlier bundles put there, as far as their manifests can be believed."""
        return _paths_of(self.manifest) | _paths_of(self.pending)


def put_bundle(
    connection: ShellConnection,
    folder: Path,
    manifest_files: Sequence[BundleFile],
    remote_dir: str,
    only_look: bool = False,
) -> PutReport:
    """Make `remote_dir` hold the given files of `folder`; see `Connection.put_bundle`."""
    wanted = _checked(manifest_files)
    target = PurePosixPath(remote_dir)
    if not target.is_absolute() or len(target.parts) < 2 or ".." in target.parts or _odd(remote_dir):
        raise ValueError(f"remote_dir must be an absolute path below /: {remote_dir!r}")
    manifest = manifest_text(wanted.values())
    folders = sorted({str(folder) for path in wanted for folder in PurePosixPath(path).parents} - {"."})
    found = _look(connection, [*wanted, *folders], str(target))
    new = [file for path, file in wanted.items() if found.sums.get(path) != file.sha256 or not _regular(found, path)]
    remode = [file for file in wanted.values() if file not in new and found.modes[file.path] & 0o7777 != file.mode]
    open_folders = [
        path for path in folders if stat.S_ISDIR(mode := found.modes.get(path, 0)) and mode & 0o7777 != 0o700
    ]
    stale = sorted(found.placed_before() - wanted.keys())
    unchanged = len(wanted) - len(new) - len(remode)
    changed = sorted([*(file.path for file in (*new, *remode)), *open_folders])
    if only_look:
        return PutReport(0, tuple(changed), unchanged, tuple(stale))
    if not changed and not stale and found.manifest.strip() == manifest.strip() and not found.pending:
        if found.litter:
            connection.run(["sh", "-c", scripts.PREPARE, "fabwiz", str(target)], root=True).check("clearing away")
        return PutReport(0, (), len(wanted))
    archive = _archive(folder, new, manifest)
    orders = [f"put {file.mode:o} {file.path}" for file in new]
    orders += [f"mode {file.mode:o} {file.path}" for file in remode]
    orders += [f"mode 700 {path}" for path in open_folders]
    orders += [f"del {path}" for path in stale]
    _place(connection, str(target), archive, orders)
    return PutReport(len(archive), tuple(changed), unchanged, tuple(stale))


def manifest_text(files: Iterable[BundleFile]) -> str:
    """The manifest.json of a host: every file that belongs there, sorted by path. Deterministic."""
    entries = [
        {"path": file.path, "mode": f"{file.mode:04o}", "sha256": file.sha256}
        for file in sorted(files, key=lambda file: file.path)
    ]
    return json.dumps({"files": entries}, indent=1) + "\n"


def _checked(files: Sequence[BundleFile]) -> dict[str, BundleFile]:
    wanted: dict[str, BundleFile] = {}
    for file in files:
        if not _inside(file.path) or file.path.startswith(".fabwiz-") or file.path == MANIFEST:
            raise ValueError(f"not a path that a bundle can hold: {file.path!r}")
        if file.path in wanted:
            raise ValueError(f"the bundle has {file.path!r} twice")
        if file.mode & ~0o777:
            raise ValueError(f"{file.path}: mode {file.mode:o} has more than permission bits")
        wanted[file.path] = file
    for path in wanted:
        for parent in PurePosixPath(path).parents:
            if str(parent) in wanted:
                raise ValueError(f"the bundle has {str(parent)!r} as a file and as a folder")
    return wanted


def _inside(path: str) -> bool:
    """Whether it is a plain relative path that stays in its folder. Manifests on hosts are not trusted either."""
    parts = path.split("/")
    return not _odd(path) and all(part not in ("", ".", "..") for part in parts)


def _odd(path: str) -> bool:
    return "\\" in path or not path.isprintable()


def _regular(found: _Found, path: str) -> bool:
    return found.modes.get(path, 0) & 0o170000 == 0o100000


def _paths_of(manifest: str) -> set[str]:
    try:
        files = json.loads(manifest)["files"]
        return {
            path for entry in files if isinstance(path := entry["path"], str) and _inside(path) and path != MANIFEST
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()  # none, or not one of ours: then nothing is known to be ours to remove


def _look(connection: ShellConnection, paths: Sequence[str], remote_dir: str) -> _Found:
    """What is there of the wanted paths, and what the manifests say. Changes nothing."""
    token = tokens.token_hex(8)
    result = connection.run(
        ["sh", "-c", scripts.LOOK, "fabwiz", remote_dir, token, MANIFEST, PENDING],
        input="".join(f"{path}\n" for path in paths).encode(),
        timeout=_TIMEOUT,
        root=True,
        limit=_MAX_MANIFEST * 2,
    )
    _explain(result, "looking at what is there")
    facts, manifest, pending = [*result.stdout.split(f"{token}\n"), "", "", ""][:3]
    found = _Found(manifest=manifest, pending=pending)
    for line in facts.splitlines():
        found.litter = found.litter or line == "litter"
        kind, _, rest = line.partition(" ")
        value, _, path = rest.partition(" ")
        path = path.removeprefix(" ").removeprefix("*").removeprefix("./")
        with suppress(ValueError):
            if kind == "mode":
                found.modes[path] = int(value, 16)
            elif kind == "sum":
                found.sums[path] = value
    return found


def _archive(folder: Path, files: Sequence[BundleFile], manifest: str) -> bytes:
    """A .tar.gz of the files as the manifest says. Raises ValueError if the folder holds something else."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6, format=tarfile.GNU_FORMAT) as archive:

        def add(path: str, mode: int, content: bytes) -> None:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))

        for file in files:
            content = (folder / file.path).read_bytes()
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise ValueError(f"{folder / file.path} is not what its manifest says; generate the bundle again")
            add(file.path, file.mode, content)
        add(MANIFEST, 0o600, manifest.encode())
    return buffer.getvalue()


def _place(connection: ShellConnection, remote_dir: str, archive: bytes, orders: Sequence[str]) -> None:
    token = tokens.token_hex(8)
    incoming = f"{remote_dir}/.fabwiz-incoming.{token}"
    try:
        connection.upload(
            archive,
            ["sh", "-c", scripts.PREPARE, "fabwiz", remote_dir],
            f"{incoming}.tgz",
            _TIMEOUT + len(archive) / _BYTES_PER_SECOND,
        )
        digest = hashlib.sha256(archive).hexdigest()
        result = connection.run(
            ["sh", "-c", scripts.PLACE, "fabwiz", remote_dir, incoming, digest, MANIFEST, PENDING],
            input="".join(f"{order}\n" for order in orders).encode(),
            timeout=_TIMEOUT,
            root=True,
        )
        _explain(result, f"placing files in {remote_dir}")
    except RemoteError:
        with suppress(RemoteError):
            connection.run(["rm", "-rf", "--", incoming, f"{incoming}.tgz"], root=True, timeout=10)
        raise


def _explain(result: Result, what: str) -> None:
    if result.code == scripts.BAD_CHECKSUM:
        raise CommandFailed(
            result.host, f"{what}: the archive arrived damaged, its checksum differs", "try again", result
        )
    if result.code == scripts.NO_CHECKSUM:
        raise CommandFailed(
            result.host, f"{what}: nothing there makes SHA-256 checksums", "install coreutils or openssl", result
        )
    result.check(what, "look at the disk space and the rights there")
