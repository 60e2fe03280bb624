"""Command lines: the one place where an argument list becomes text that a shell reads.

sshd hands a command to the user's login shell as one string. That shell may be sh, bash, zsh, fish, csh or
busybox, so every line made here is read alike by all of them: it only starts `sh` (or sudo, which starts `sh`) with
single-quoted words, and words that those shells would read differently are spelled in octal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum

MAX_LINE = 120_000
"""Bytes that a command line may have: Linux allows 128 KiB for one argument, and sshd passes the line as one."""

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,+@%-]+\Z")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# `\` is special between fish's single quotes, `!` and line ends between csh's; other bytes depend on the locale
_SAME_EVERYWHERE = re.compile(r"[ -~]*\Z")
_DIFFERS = re.compile(r"[\\!]")


class Elevation(Enum):
    """How a command gets root's privileges."""

    PLAIN = "plain"
    """It runs as the user who logged in."""
    SUDO = "sudo"
    """sudo needs no password; if it wants one after all, it fails instead of waiting."""
    SUDO_PASSWORD = "sudo with a password"  # noqa: S105 - not a password
    """sudo reads the password as the first line of standard input."""


# Makes the command the leader of a process group, so that all that it starts can be stopped together: sshd and sudo
# usually have done so, elsewhere setsid does it. $0 is the script below.
_LEAD = 'S=; kill -s 0 -- -$$ 2>/dev/null || S=$(command -v setsid); exec $S sh -c "$0" fabwiz "$@"'

# $1 is a marker, $2 the number of bytes of input or `all`, then comes the command.
# Up to the marker standard input belongs to sudo, whether it reads its password or not; up to the marker standard
# output and error hold what login scripts print. Then the command gets its input, and from then on the end of
# standard input means that nobody wants the command any more: closing a channel alone would leave it running.
# System folders are added to the path because sudo and non-interactive logins often lack them.
_SUPERVISE = (
    "PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin; export PATH; m=$1 n=$2; shift 2; "
    'while IFS= read -r l; do [ "$l" = "$m" ] && break; done; echo "$m"; echo "$m" >&2; '
    "exec 3<&0; trap : TERM; { ( exec 2>/dev/null; "
    'case $n in 0) ;; all) cat <&3 ;; *) head -c "$n" <&3 ;; esac; exec >/dev/null; read -r l <&3; '
    'kill -s 0 $$ || exit; trap "" TERM; kill -s TERM -- -$$; sleep 2; kill -s KILL -- -$$ ) & } | '
    '{ exec 3<&-; exec "$@"; }'
)


def quote(word: str) -> str:
    """One word as a POSIX shell reads it. Raises ValueError for a NUL, which no argument can hold."""
    if "\0" in word:
        raise ValueError(f"an argument cannot hold a NUL: {word[:80]!r}")
    if _PLAIN_WORD.match(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def join(argv: Sequence[str]) -> str:
    """An argument list as one line for a POSIX shell."""
    if not argv:
        raise ValueError("a command needs at least its name")
    return " ".join(map(quote, argv))


def with_env(argv: Sequence[str], env: Mapping[str, str] | None) -> list[str]:
    """Put `env` before a command. The assignments show in the process list: they are no place for secrets."""
    if not env:
        return list(argv)
    for name in env:
        if not _ENV_NAME.match(name):
            raise ValueError(f"not a name for an environment variable: {name!r}")
    return ["env", *(f"{name}={value}" for name, value in env.items()), *argv]


def login_line(argv: Sequence[str]) -> str:
    """A line that every login shell reads alike, and that ends up as exactly this argument list.

    Raises ValueError if it is longer than the kernel takes; long texts travel as the command's input instead.
    """
    line = "exec " + join(argv)
    if not _SAME_EVERYWHERE.match(line) or _DIFFERS.search(line.replace("'\\''", "")):
        octal = "".join(
            chr(byte) if _PLAIN_WORD.match(chr(byte)) or byte == 0x20 else f"\\0{byte:03o}"
            for byte in line.encode("utf-8", "surrogateescape")
        )
        line = f"""exec sh -c 'eval "$(printf %b "$0")"' '{octal}'"""
    if len(line) > MAX_LINE:
        raise ValueError(f"the command line has {len(line)} bytes, at most {MAX_LINE} can be sent: use the input")
    return line


def supervised(
    argv: Sequence[str],
    *,
    marker: str,
    input_size: int | None = 0,
    env: Mapping[str, str] | None = None,
    elevation: Elevation = Elevation.PLAIN,
) -> str:
    """The line that runs a command under supervision: it and all that it starts end when standard input ends.

    Send, as standard input: the password and a line end (only for SUDO_PASSWORD), `marker` and a line end,
    `input_size` bytes of input; then keep it open until the command has ended. Both output streams hold a line with
    `marker`; what the command prints begins thereafter. An `input_size` of None passes on whatever comes as it comes;
    the command must then be one that ends by itself when its input does.
    """
    sudo = {
        Elevation.PLAIN: [],
        Elevation.SUDO: ["sudo", "-n", "--"],
        Elevation.SUDO_PASSWORD: ["sudo", "-S", "-p", "", "--"],
    }[elevation]
    command = with_env(argv, env)
    size = "all" if input_size is None else str(input_size)
    if not command:
        raise ValueError("a command needs at least its name")
    return login_line([*sudo, "sh", "-c", _LEAD, _SUPERVISE, marker, size, *command])
