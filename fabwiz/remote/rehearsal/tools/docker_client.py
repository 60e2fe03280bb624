"""`docker` and `docker-compose` of a rehearsal host: hand the command line to the stand-in engine, show its answer.

Run as `python -I -S docker_client.py SOCKET PROGRAM ARGS...`. Reads standard input for `docker load` without a file.
A request is four bytes of length, then words that end with NUL each: program, folder, count of arguments, arguments,
`NAME=value` of the environment. Answers are frames: one byte (0 exit code, 1 standard output, 2 standard error), four
bytes of length, the bytes.

A deployment runs hundreds of these: modules that the interpreter has built in instead of `os`, `socket` and `json`
make each of them three times as quick.
"""

from __future__ import annotations

import posix
import sys
from _socket import AF_UNIX, SOCK_STREAM, socket

O_PATH = 0o10000000  # what `os` has: Linux's own


def spooled(arguments: list[str]) -> list[str]:
    """`docker load` with its standard input put into a file: the engine reads files only."""
    is_load = arguments[:1] == ["load"] or arguments[:2] == ["image", "load"]
    if not is_load or any(word.startswith(("-i", "--input")) for word in arguments):
        return arguments
    import tempfile

    file = tempfile.NamedTemporaryFile(prefix="docker-load-")  # noqa: SIM115 - gone with this process
    while piece := sys.stdin.buffer.read(1 << 20):
        file.write(piece)
    file.flush()
    _kept.append(file)
    return [*arguments, "-i", file.name]


_kept: list[object] = []


def folder() -> str:
    """Where this runs; the root where that is gone."""
    try:
        return posix.getcwd()
    except OSError:
        return "/"


def received(engine: socket, size: int) -> bytes:
    """So many bytes; fewer when the engine hangs up."""
    found = b""
    while len(found) < size and (piece := engine.recv(size - len(found))):
        found += piece
    return found


def main(argv: list[str]) -> int:
    """Run one command. Returns the exit code that the engine gives; 1 with Docker's own words without an engine."""
    path, program, arguments = argv[0], argv[1], spooled(argv[2:])
    place, _, name = path.rpartition("/")
    engine = socket(AF_UNIX, SOCK_STREAM)
    try:
        # by way of the folder's descriptor: the path of a unix socket may have 107 bytes only
        engine.connect(f"/proc/self/fd/{posix.open(place, O_PATH)}/{name}")
    except OSError:
        print(
            f"Cannot connect to the Docker daemon at unix://{path}. Is the docker daemon running? (rehearsal)",
            file=sys.stderr,
        )
        return 1
    words = [word.encode(errors="surrogateescape") for word in (program, folder(), str(len(arguments)), *arguments)]
    words += [name + b"=" + value for name, value in posix.environ.items()]
    request = b"".join(word + b"\0" for word in words)
    try:
        engine.sendall(len(request).to_bytes(4, "big") + request)
        while True:
            head = received(engine, 5)
            body = received(engine, int.from_bytes(head[1:], "big")) if len(head) == 5 else b""
            if not body:
                print("error during connect: EOF (rehearsal host stopped)", file=sys.stderr)
                return 1
            if head[0] == 0:
                return int(body)
            try:
                while body:
                    body = body[posix.write(head[0], body) :]
            except OSError:
                return 141  # whoever read the output is gone
    except OSError as error:
        print(f"error during connect: {error} (rehearsal host stopped)", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
