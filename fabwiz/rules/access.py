"""How hosts are logged in to, and the folder that is used there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from fabwiz.rules.registry import ERROR, OWN, Problem, fix, rule, setting, without
from fabwiz.session.findings import SessionPath
from fabwiz.session.network import REMOTE_PARENT, Network

_SHARED = frozenset(
    ["/usr", "/usr/local", "/var", "/var/lib", "/var/lib/docker"]
    + [f"/{name}" for name in ("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt")]
    + [f"/{name}" for name in ("proc", "root", "run", "sbin", "srv", "sys", "tmp")]
    + [f"/usr/{name}" for name in ("bin", "lib", "sbin", "share", "local/bin", "local/lib")]
    + [f"/var/{name}" for name in ("cache", "log", "run", "spool", "tmp")]
)
"""Folders that a system has for everybody (Filesystem Hierarchy Standard 3.0)."""


@rule(
    "ssh-user",
    ERROR,
    "login names are ones that a system can have",
    "A login name ends at a blank or a colon in every system's list of users, so no host knows one that has them; "
    "mostly it was copied with something beside it.",
    "passwd(5): fields are separated by colons; useradd(8)",
)
def users(network: Network) -> Iterator[Problem]:
    """Names with blanks, colons or slashes, and empty ones."""
    settings: list[tuple[SessionPath, str | None]] = [(("ssh", "user"), network.session.ssh.user)]
    settings += [(("hosts", name, "ssh", "user"), host.ssh.user) for name, host in network.session.hosts.items()]
    for path, user in settings:
        if user is None or can_log_in(user):
            continue
        better = user.strip()
        yield Problem(
            path,
            f"{user!r} cannot be a login name: it has no blanks, colons or slashes and does not begin with a hyphen",
            fix(f"use {better}", setting(better, *path)) if can_log_in(better) else None,
        )


def can_log_in(user: str) -> bool:
    """Whether a text can be a login name."""
    # a backslash and @ are fine: directories name their users DOMAIN\user and user@domain
    return bool(user) and user.isprintable() and not set(" :/") & set(user) and not user.startswith("-")


@rule(
    "remote-dir",
    ERROR,
    "the folder on a host is an absolute path, and no folder that the system or others use",
    "What lies there is fabwiz's own: it is made readable by root only, and `down --data` takes away what was put "
    "there. Docker reads a colon as the end of a path.",
    OWN,
)
def folders(network: Network) -> Iterator[Problem]:
    """Relative paths, ways up, colons, and folders of the system."""
    settings: list[tuple[SessionPath, str | None]] = [(("remote_dir",), network.session.remote_dir)]
    settings += [(("hosts", name, "remote_dir"), host.remote_dir) for name, host in network.session.hosts.items()]
    for path, folder in settings:
        if folder is None:
            continue
        normal = PurePosixPath("/", *PurePosixPath(folder).parts[1:]) if folder.startswith("/") else None
        wrong = _flaw(folder, normal)
        if not wrong:
            continue
        inside = f"{normal}/{network.name}" if normal and str(normal) in _SHARED else None
        default = f"{REMOTE_PARENT}/{network.name}"
        yield Problem(
            path,
            f"{folder!r} cannot be the folder on a host: {wrong}; write one of its own, such as {inside or default}",
            fix(f"use {inside}", setting(inside, *path)) if inside else fix("use the usual folder", without(*path)),
        )


def _flaw(folder: str, normal: PurePosixPath | None) -> str | None:
    if normal is None:
        return "it is no absolute path"
    if ".." in normal.parts or not folder.isprintable() or set(":\\") & set(folder):
        return "it has `..`, a colon, a backslash or characters that do not show"
    if len(normal.parts) < 2 or str(normal) in _SHARED:
        return "the system uses it"
    return None
