"""Bundles: `artifacts/hosts/<host>/` is exactly what that host gets, with `manifest.json`.

A bundle is gathered, audited, written to a folder beside its place, and put there by rename: it is never half old
and half new, and files that no longer belong are gone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fabwiz.artifacts import layout
from fabwiz.artifacts.audit import audit
from fabwiz.artifacts.compose import ComposeFile, Resolve, system_resolve
from fabwiz.artifacts.contents import Content, contents
from fabwiz.artifacts.manifest import Manifest, ManifestEntry
from fabwiz.session.files import PRIVATE_DIR, PRIVATE_FILE, PUBLIC_FILE, make_private_dir, sync_dir
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle, and whether anything of it had to be written."""

    manifest: Manifest
    changed: bool


def build(network: Network, workspace: Workspace, host_name: str, resolve: Resolve = system_resolve) -> Manifest:
    """Make a host's bundle, as `rebuild` does, and say what is in it."""
    return rebuild(network, workspace, host_name, resolve).manifest


def rebuild(
    network: Network,
    workspace: Workspace,
    host_name: str,
    resolve: Resolve = system_resolve,
    *,
    sketch: bool = False,
) -> Built:
    """Make a host's bundle from what was generated; one that is right already is left untouched.

    Of a `sketch` only the manifest is written.

    Keys and env files are 0600 and public files 0644: containers read them as root. Folders are 0700. Raises
    ArtifactError where something is missing or must not go there, OSError where files cannot be read or written.
    """
    files = list(contents(network, workspace, host_name))
    audit(network, host_name, files)
    compose = ComposeFile(network, host_name, resolve)
    entries = [_entry(content) for content in files]
    revisions = compose.revisions({entry.path: entry.sha256 for entry in entries})
    files.append(Content(layout.COMPOSE_FILE, compose.text(revisions).encode()))
    entries.append(_entry(files[-1]))
    entries.sort(key=lambda entry: entry.path)
    manifest = Manifest(network.name, host_name, tuple(entries), revisions)
    told = Content(layout.MANIFEST, manifest.to_json().encode())
    files = [told] if sketch else [*files, told]
    folder = workspace.host(host_name)
    _remove_leftovers(folder)
    changed = not _is_there(folder, files)
    if changed:
        _replace(folder, files, workspace.durable)
    return Built(manifest, changed)


def remove(workspace: Workspace, host_name: str) -> None:
    """Remove the bundle of a host that left the session, keys and all."""
    folder = workspace.host(host_name)
    _remove_leftovers(folder)
    old = _beside(folder, "old")
    folder.rename(old)
    shutil.rmtree(old)


def _entry(content: Content) -> ManifestEntry:
    digest = hashlib.sha256(content.data).hexdigest()
    return ManifestEntry(content.path, _mode(content), digest, len(content.data), content.private)


def _mode(content: Content) -> int:
    return PRIVATE_FILE if content.private else PUBLIC_FILE


def _is_there(folder: Path, files: list[Content]) -> bool:
    """Whether a folder holds these files, each for its owner alone, and nothing else."""
    wanted = {content.path: content for content in files}
    folders = {parent.as_posix() for path in wanted for parent in PurePosixPath(path).parents}
    if not folder.is_dir() or folder.is_symlink():
        return False
    for below, names, file_names in os.walk(folder):
        relative = Path(below).relative_to(folder)
        if relative.as_posix() not in folders or Path(below).stat().st_mode & 0o777 != PRIVATE_DIR:
            return False
        if any(Path(below, name).is_symlink() for name in names):
            return False
        for name in file_names:
            content = wanted.pop((relative / name).as_posix(), None)
            path = Path(below, name)
            status = path.lstat()
            if content is None or not stat.S_ISREG(status.st_mode):
                return False
            if stat.S_IMODE(status.st_mode) != PRIVATE_FILE or path.read_bytes() != content.data:
                return False
    return not wanted


def _replace(folder: Path, files: list[Content], durable: bool) -> None:
    make_private_dir(folder.parent)
    new, old = _beside(folder, "new"), _beside(folder, "old")
    try:
        make_private_dir(new)
        for content in files:
            path = new / content.path
            make_private_dir(path.parent)
            _write_new(path, content)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        if durable:
            sync_dir(folder.parent)
    finally:
        for rest in (new, old):
            if rest.exists():
                shutil.rmtree(rest)


def _write_new(path: Path, content: Content) -> None:
    """Not synced to disk: the next run compares every byte, and the manifest tells whoever sends the files.

    The manifest tells the modes that they get on the host, too; here only the owner reads them.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.data)
        os.fchmod(file.fileno(), PRIVATE_FILE)


def _beside(folder: Path, kind: str) -> Path:
    return folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.{kind}")


def _remove_leftovers(folder: Path) -> None:
    """What a run that was killed left behind."""
    for kind in ("new", "old"):
        for rest in folder.parent.glob(f".{folder.name}.{'[0-9a-f]' * 12}.{kind}"):
            shutil.rmtree(rest)
