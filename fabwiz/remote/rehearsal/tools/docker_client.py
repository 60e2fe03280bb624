"""`docker` and `docker-compose` of a rehearsal host: hand the command line to the stand-in engine, show its answer.

Run as `python -I -S docker_client.py SOCKET PROGRAM ARGS...`. Reads standard input for `docker load` without a file.
Answers are frames: one byte (0 exit code, 1 standard output, 2 standard error), four bytes of length, the bytes.
"""

from __future__ import annotations

import json
import os
import socket
import sys


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


def main(argv: list[str]) -> int:
    """Run one command. Returns the exit code that the engine gives; 1 with Docker's own words without an engine."""
    path, program, arguments = argv[0], argv[1], spooled(argv[2:])
    engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # by way of the folder's descriptor: the path of a unix socket may have 107 bytes only
        folder = os.open(os.path.dirname(path), os.O_PATH)  # noqa: PTH120
        engine.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")  # noqa: PTH119
    except OSError:
        print(
            f"Cannot connect to the Docker daemon at unix://{path}. Is the docker daemon running? (rehearsal)",
            file=sys.stderr,
        )
        return 1
    try:
        cwd = os.getcwd()  # noqa: PTH109 - pathlib costs as much as all the rest
    except OSError:
        cwd = "/"
    request = json.dumps({"program": program, "argv": arguments, "cwd": cwd, "env": dict(os.environ)}).encode()
    engine.sendall(len(request).to_bytes(4, "big") + request)
    stream = engine.makefile("rb")
    while True:
        head = stream.read(5)
        if len(head) < 5:
            print("error during connect: EOF (rehearsal host stopped)", file=sys.stderr)
            return 1
        body = stream.read(int.from_bytes(head[1:], "big"))
        if head[0] == 0:
            return int(body)
        try:
            while body:
                body = body[os.write(head[0], body) :]
        except OSError:
            return 141  # whoever read the output is gone


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
