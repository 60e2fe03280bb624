"""The layers of the lab's images: Debian's packages, Kafka from Maven Central, Python's wheels, fabwiz itself."""

from __future__ import annotations

import py_compile
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode

from packaging.requirements import Requirement

from tests.lab.images.archive import Layer, write_layer
from tests.lab.images.store import digest, lab_folder, outdate

HERE = Path(__file__).parent
REPO = HERE.parents[2]
_SUITE = "bookworm"

# what no stand-in needs: 100 MB that would travel to every host
_PRUNED = (
    "var/lib/apt/lists/*",
    "var/cache/apt/*",
    "usr/share/perl",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/x86_64-linux-gnu/libperl.so*",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/jvm/*/lib/ct.sym",
    "usr/lib/jvm/*/lib/server/classes_nocoops.jsa",
    "usr/share/java/eclipse-*",
    "usr/share/maven-repo",
)
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"

PROGRAM = "usr/local/lib/fabwiz"
KAFKA_CLIENT = "kafka-python==3.0.12"
_WHEELS = ("cryptography", "grpcio", "hyperledger-fabric-protos", "protobuf", "pydantic", "pyyaml", "paramiko", "scp")
"""What the stand-ins import, in the versions of this interpreter's environment."""
_PLATFORMS = (*(f"manylinux_2_{minor}_x86_64" for minor in (34, 31, 28, 27, 26, 24, 17)), "manylinux2014_x86_64")


class BuildError(Exception):
    """A layer that cannot be made; the message says what failed."""


def _cached(name: str, inputs: Iterable[str | bytes | Path], make: Callable[[Path], object]) -> Layer:
    folder = lab_folder() / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    tar = folder / f"{name}-{digest(inputs)}.tar"
    if not tar.exists():
        outdate(folder, name, tar)
        make(tar)
    return Layer(tar)


def _run(*argv: str, cwd: Path | None = None) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        raise BuildError(f"{' '.join(argv[:3])} ... failed:\n{(done.stderr or done.stdout)[-2000:]}")


def debian(name: str, *packages: str, hooks: tuple[str, ...] = ()) -> Layer:
    """A minimal Debian with packages; `hooks` are shell commands in which $1 is its root."""
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/apt,output/dev"]
    argv += ['--aptopt=Apt::Install-Recommends "false"', "--dpkgopt=force-unsafe-io"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in ("doc", "man", "locale")]
    # the JRE's postinst wants a folder for manual pages
    argv += ['--essential-hook=mkdir -p "$1/usr/share/man/man1"']
    argv += ['--customize-hook=cd "$1" && rm -rf ' + " ".join(_PRUNED)]
    argv += [f"--customize-hook={hook}" for hook in hooks]
    argv += [f"--include={','.join(packages)}", _SUITE]

    def make(tar: Path) -> None:
        _run(*argv, str(tar.with_suffix(".new.tar")))
        tar.with_suffix(".new.tar").replace(tar)

    return _cached(name, argv, make)


def files(name: str, content: Iterable[tuple[str, bytes, int]]) -> Layer:
    """A layer of files: path, content, mode. Python's come with their bytecode: no container has to make it."""
    entries = sorted(content)
    inputs: list[str | bytes] = [part for path, data, mode in entries for part in (path, data, oct(mode))]
    return _cached(name, [*inputs, sys.version], lambda tar: write_layer(tar, [*entries, *_bytecode(entries)]))


def _bytecode(entries: Iterable[tuple[str, bytes, int]]) -> Iterator[tuple[str, bytes, int]]:
    with tempfile.TemporaryDirectory() as scratch:
        source, compiled = Path(scratch) / "source", Path(scratch) / "compiled"
        for path, data, _ in entries:
            if path.endswith(".py"):
                source.write_bytes(data)
                py_compile.compile(
                    str(source), str(compiled), f"/{path}", True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
                )
                yield cache_from_source(path), compiled.read_bytes(), 0o644


def kafka_jars() -> Layer:
    """A real broker with all that it needs, as Maven resolves `kafka/pom.xml`; the checksums are pinned."""
    pom, sums = HERE / "kafka/pom.xml", HERE / "kafka/SHA256SUMS"

    def make(tar: Path) -> None:
        if shutil.which("mvn") is None:
            raise BuildError("mvn is not there: apt-get install maven")
        folder = tar.with_suffix("")
        shutil.rmtree(folder, ignore_errors=True)
        _run("mvn", "-q", "-B", "-f", str(pom), _COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={folder}")
        _run("sha256sum", "--check", "--strict", "--quiet", str(sums), cwd=folder)
        jars = [(f"opt/kafka/libs/{jar.name}", jar.read_bytes(), 0o644) for jar in folder.iterdir()]
        expected = {line.split()[1] for line in sums.read_text().splitlines()}
        if extra := {jar.name for jar in folder.iterdir()} - expected:
            raise BuildError(f"Maven brought what {sums} does not list: {', '.join(sorted(extra))}")
        write_layer(tar, jars)
        shutil.rmtree(folder)

    return _cached("kafka", [pom, sums], make)


def wheels() -> Layer:
    """What the stand-ins import, for Debian's Python 3.11, below /opt/fabwiz."""
    return _wheels("wheels", {*_pinned(_WHEELS), KAFKA_CLIENT}, "opt/fabwiz")


def program() -> tuple[Layer, Layer]:
    """fabwiz itself as an operator's machine has it, below PROGRAM: what it imports, and its own files."""
    declared = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["dependencies"]
    imports = _wheels("imports", set(_pinned(Requirement(text).name for text in declared)), PROGRAM)
    parts = ("fabwiz", "screens", "assets")
    found = [path for part in parts for path in (REPO / part).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    own = [(f"{PROGRAM}/{path.relative_to(REPO)}", path.read_bytes(), 0o644) for path in found]
    return imports, files("program", own)


def _wheels(name: str, requirements: set[str], place: str) -> Layer:
    """Wheels for Debian's Python 3.11, installed below a folder."""
    pinned = sorted(requirements)

    def make(tar: Path) -> None:
        folder = tar.with_suffix("")
        shutil.rmtree(folder, ignore_errors=True)
        platforms = [part for platform in _PLATFORMS for part in ("--platform", platform)]
        _run(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"),
            *("--python-version", "3.11", *platforms, "--target", str(folder), *pinned),
        )
        _run("python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder))
        write_layer(tar, _tree(folder, place))
        shutil.rmtree(folder)

    return _cached(name, [*pinned, place], make)


def _pinned(names: Iterable[str]) -> Iterator[str]:
    """Requirements of this environment, each with all that it depends on, at the versions found here."""
    todo, seen = list(names), set[str]()
    while todo:
        name = todo.pop()
        found = distribution(name)
        if found.name.lower() in seen:
            continue
        seen.add(found.name.lower())
        yield f"{found.name}=={found.version}"
        for text in found.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append(requirement.name)


def fabwiz() -> Layer:
    """The stand-ins: fabwiz's rehearsal, and what makes real containers of it."""
    found = [REPO / "fabwiz/__init__.py", *(path for path in (REPO / "assets/chaincode").rglob("*") if path.is_file())]
    for part in ("fabwiz/session", "fabwiz/remote", "fabwiz/images", "tests/lab/standin"):
        found += (REPO / part).rglob("*.py")
    found = [path for path in [*found, REPO / "assets/__init__.py"] if path.suffix != ".pyc"]
    content = [(f"opt/fabwiz/{path.relative_to(REPO)}", path.read_bytes(), 0o644) for path in found]
    for name in ("orderer", "peer", "couchdb", "cli"):
        script = f'#!/bin/sh\nPYTHONPATH=/opt/fabwiz exec python3 -m tests.lab.standin {name} "$@"\n'
        content.append((f"usr/local/bin/{name}", script.encode(), 0o755))
    return files("fabwiz", content)


def busybox() -> Layer:
    """A shell and the commands of busybox, for images that are only there to be found."""
    binary = Path("/bin/busybox").read_bytes()
    return files("busybox", [("bin/busybox", binary, 0o755), ("bin/sh", binary, 0o755), ("tmp/.keep", b"", 0o644)])


def _tree(folder: Path, prefix: str) -> Iterator[tuple[str, bytes, int]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield f"{prefix}/{path.relative_to(folder)}", path.read_bytes(), path.stat().st_mode & 0o777
