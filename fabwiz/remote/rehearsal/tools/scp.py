"""`scp` of a rehearsal host: the receiving end (`scp -t`), and the sending end for single files (`scp -f`).

A bare machine has no scp; the protocol is that of OpenSSH's scp.c: `C<mode> <size> <name>`, `D`, `E`, `T` lines,
each acknowledged with a zero byte.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO


class Refused(Exception):
    """What the other end is told."""


def _line(stream: BinaryIO) -> str:
    return stream.readline().decode("utf-8", "surrogateescape").rstrip("\n")


def _acknowledge() -> None:
    os.write(1, b"\0")


def receive(target: str, must_be_folder: bool) -> None:
    """Receive files and folders into `target`. Raises Refused for what cannot be written."""
    stream = sys.stdin.buffer
    if must_be_folder and not os.path.isdir(target):  # noqa: PTH112
        raise Refused(f"scp: {target}: Not a directory")
    folders = [target]
    _acknowledge()
    while line := _line(stream):
        kind = line[0]
        if kind == "T":
            _acknowledge()
        elif kind == "E":
            folders.pop()
            _acknowledge()
        elif kind in "CD":
            mode, size, name = line[1:].split(" ", 2)
            if "/" in name or name in (".", ".."):
                raise Refused(f"scp: error: unexpected filename: {name}")
            here = folders[-1]
            path = os.path.join(here, name) if os.path.isdir(here) else here  # noqa: PTH112, PTH118
            if kind == "D":
                os.makedirs(path, int(mode, 8), exist_ok=True)  # noqa: PTH103
                folders.append(path)
                _acknowledge()
                continue
            _receive_file(stream, path, int(mode, 8), int(size))
        elif kind in "\1\2":
            raise Refused(line[1:])
        else:
            raise Refused(f"scp: protocol error: {line[:80]}")


def _receive_file(stream: BinaryIO, path: str, mode: int, size: int) -> None:
    try:
        out = os.open(path, os.O_WRONLY | os.O_CREAT, mode)
    except OSError as error:
        raise Refused(f"scp: {path}: {error.strerror}") from error
    _acknowledge()
    with open(out, "wb") as file:  # noqa: PTH123
        left = size
        while left:
            piece = stream.read(min(left, 1 << 18))
            if not piece:
                raise SystemExit(1)  # like scp: what came stays under its final name
            file.write(piece)
            left -= len(piece)
        file.truncate()
    if stream.read(1) != b"\0":
        raise SystemExit(1)
    _acknowledge()


def send(path: str) -> None:
    """Send one file. Raises Refused where it cannot be read."""
    stream = sys.stdin.buffer
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            body = file.read()
            mode = os.fstat(file.fileno()).st_mode & 0o7777
    except OSError as error:
        raise Refused(f"scp: {path}: {error.strerror}") from error
    stream.read(1)
    os.write(1, f"C{mode:04o} {len(body)} {os.path.basename(path)}\n".encode())  # noqa: PTH119
    stream.read(1)
    sys.stdout.buffer.write(body + b"\0")
    sys.stdout.buffer.flush()
    stream.read(1)


def main(argv: list[str]) -> int:
    """Run as scp would: options run together (`-qt`), then the path."""
    letters = "".join(a[1:] for a in argv if a.startswith("-") and a != "--")
    paths = [a for a in argv if not a.startswith("-")]
    try:
        if len(paths) != 1 or not ("t" in letters or "f" in letters):
            raise Refused("scp (rehearsal): only -t and -f with one path are known here")
        if "t" in letters:
            receive(paths[0], "d" in letters)
        else:
            send(paths[0])
    except Refused as error:
        os.write(1, b"\1" + str(error).encode("utf-8", "replace") + b"\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
