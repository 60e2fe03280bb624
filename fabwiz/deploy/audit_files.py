"""Comparing what lies in `remote_dir` with the manifest: every file, its type, mode, owner and contents."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from fabwiz.deploy.audit_probe import Entry, Found
from fabwiz.deploy.audit_report import Deviation, Kind
from fabwiz.remote.connection import BundleFile
from fabwiz.session.files import PRIVATE_DIR

WhoseKey = Callable[[str], str | None]
"""From the SHA-256 of a file to the key of the workspace that it is, in words."""

_LEFT = (".fabwiz-", ".images")
_LEASE = re.compile(r"\.fabwiz-lease(/(held|about|beat|\.beat|made)\.[0-9a-f-]{17})?")
"""Who works there just now; see `fabwiz.deploy.lease_scripts`."""
_TYPES = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


def compare(
    wanted: Mapping[str, BundleFile], sizes: Mapping[str, int], found: Found, whose: WhoseKey
) -> list[Deviation]:
    """Everything in `remote_dir` that differs from the wanted files, by path; `sizes` are their bytes."""
    if found.closed:
        return [Deviation(Kind.UNREAD, ".", "the folder cannot be entered by whoever is logged in")]
    if found.folder is None:
        return [Deviation(Kind.MISSING, ".", "nothing is there: no file has been put in place")] if wanted else []
    folders = {parent.as_posix() for path in wanted for parent in PurePosixPath(path).parents}
    owners = {0, found.uid} | ({found.login_uid} if found.login_uid is not None else set())
    deviations = [Deviation(Kind.MISSING, path, "is not there") for path in wanted if path not in found.entries]
    for path, entry in found.entries.items():
        if path in wanted:
            deviations += _file(wanted[path], sizes[path], entry, found.sums.get(path))
        elif path in folders or path == ".":
            deviations += _folder(path, entry)
        else:
            deviations += _extra(path, entry, found, whose)
            continue
        if entry.uid not in owners:
            allowed = ", ".join(map(str, sorted(owners)))
            deviations.append(Deviation(Kind.OWNER, path, f"belongs to user {entry.uid}, not to {allowed}"))
    return sorted(deviations, key=lambda one: (one.subject, one.kind))


def _file(wanted: BundleFile, size: int, entry: Entry, digest: str | None) -> Iterator[Deviation]:
    if not stat.S_ISREG(entry.mode):
        yield Deviation(Kind.TYPE, wanted.path, f"is {_type(entry)}, not a file")
        return
    if stat.S_IMODE(entry.mode) != wanted.mode:
        yield Deviation(Kind.MODE, wanted.path, f"has mode {stat.S_IMODE(entry.mode):04o}, not {wanted.mode:04o}")
    if entry.size != size or digest not in (wanted.sha256, None):
        yield Deviation(Kind.CHANGED, wanted.path, "has other contents than the manifest says")
    elif digest is None:
        yield Deviation(Kind.UNREAD, wanted.path, "cannot be read by whoever is logged in, so it was not compared")


def _folder(path: str, entry: Entry) -> Iterator[Deviation]:
    """Those that we make are ours alone; `remote_dir` itself an operator may have made, but nobody else may write."""
    mode = stat.S_IMODE(entry.mode) & 0o777
    if not stat.S_ISDIR(entry.mode):
        yield Deviation(Kind.TYPE, path, f"is {_type(entry)}, not a folder")
    elif path == "." and mode & 0o022:
        yield Deviation(Kind.MODE, path, f"has mode {mode:04o}: others may write into it")
    elif path != "." and mode != PRIVATE_DIR:
        yield Deviation(Kind.MODE, path, f"has mode {mode:04o}, not {PRIVATE_DIR:04o}")


def _extra(path: str, entry: Entry, found: Found, whose: WhoseKey) -> Iterator[Deviation]:
    known = whose(found.sums[path]) if path in found.sums else None
    if known:
        yield Deviation(Kind.KEY, path, f"is {known}, which this host must not have")
    elif path in found.keys:
        yield Deviation(Kind.KEY, path, "holds a private key that the manifest does not have")
    elif _LEASE.fullmatch(path) and (stat.S_ISDIR(entry.mode) if "/" not in path else stat.S_ISREG(entry.mode)):
        return
    elif path.startswith(_LEFT):
        yield Deviation(Kind.LEFTOVER, path, "was left by a run that was broken off; running again clears it away")
    else:
        yield Deviation(Kind.EXTRA, path, f"is {_type(entry)} that the manifest does not have")


def _type(entry: Entry) -> str:
    return _TYPES.get(stat.S_IFMT(entry.mode), "something unknown")
