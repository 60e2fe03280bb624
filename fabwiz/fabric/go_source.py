"""Go chaincode: its import path, and the packages that it needs, found without a Go tool chain.

Fabric's own packager asks `go list` (core/chaincode/platforms/golang); here the imports are read from the source, and
build constraints are not evaluated: a file for another platform may pull in more than needed, never less.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from fabwiz.fabric.source_files import PackageError

SHIM = "github.com/hyperledger/fabric/core/chaincode/shim"
_BUILDER_HAS = (SHIM, "github.com/hyperledger/fabric/protos/")
"""What the chaincode builder image brings along: the shim and its messages."""

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<raw>`[^`]*`)|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<word>[^\W\d]\w*)|(?P<sign>[();\n])|.""",
    re.DOTALL,
)
_MODULE = re.compile(r'^\s*module\s+"?([^\s"]+)"?', re.MULTILINE)
_IGNORED = re.compile(r"^//\s*(?:go:build|\+build)\s+ignore\s*$", re.MULTILINE)
_IMPORT_PATH = re.compile(r"[A-Za-z0-9_.~+-]+(?:/[A-Za-z0-9_.~+-]+)*")
_STANDARD_ROOTS = frozenset({"main", "cmd", "internal", "builtin", "unsafe", "vendor", "C"})


def import_path(root: Path) -> str:
    """The import path that the package is built under.

    The module of its `go.mod`; else, below a GOPATH, what follows `/src/`; else `chaincode/<folder>`. Raises
    PackageError where that is no import path.
    """
    module = root / "go.mod"
    if module.is_file():
        found = _MODULE.search(module.read_text(errors="replace"))
        if not found:
            raise PackageError(f"{module}: has no module line")
        path, origin = found[1], f"{module}"
    else:
        parts = root.resolve().parts
        below = parts[len(parts) - parts[::-1].index("src") :] if "src" in parts else ()
        gopath = len(below) > 1 and "." in below[0]
        path, origin = ("/".join(below) if gopath else f"chaincode/{root.resolve().name}"), f"{root}"
    if not _IMPORT_PATH.fullmatch(path) or ".." in path.split("/"):
        raise PackageError(f"{origin}: {path!r} is no Go import path; use letters, digits and . _ ~ + - in the name")
    return path


def imports(source: str) -> tuple[str, ...]:
    """Import paths of a Go file, in order: everything before the first declaration that is no import."""
    found: list[str] = []
    tokens = (match for match in _TOKEN.finditer(source) if match.lastgroup)
    state = "top"
    for token in tokens:
        kind, text = token.lastgroup, token.group()
        if state == "top":
            if kind == "word" and text == "package":
                state = "package"
            elif kind == "word" and text == "import":
                state = "import"
            elif kind == "word":
                break
        elif state == "package":
            state = "top"
        elif kind in ("string", "raw"):
            found.append(text[1:-1])
            state = "group" if state == "group" else "top"
        elif text == "(":
            state = "group"
        elif text == ")":
            state = "top"
    return tuple(found)


def needed_folders(path: str, sources: dict[PurePosixPath, bytes]) -> frozenset[str]:
    """Folders (relative, `.` is the top) whose packages the chaincode is built from, vendored ones among them.

    `sources` holds every `.go` file of the tree. Raises PackageError, naming file and import, where the top holds no
    `package main` file, or one of the chaincode's own files imports what is neither vendored nor in the builder image.
    """
    by_folder: dict[str, list[PurePosixPath]] = {}
    for file in sources:
        if not file.name.endswith("_test.go") and not file.name.startswith(("_", ".")):
            by_folder.setdefault(str(file.parent), []).append(file)
    if not by_folder.get("."):
        raise PackageError(f"{path}: there is no .go file in the chaincode's folder itself")
    needed: set[str] = set()
    waiting = ["."]
    while waiting:
        folder = waiting.pop()
        if folder in needed:
            continue
        needed.add(folder)
        for file in by_folder[folder]:
            text = sources[file].decode(errors="replace")
            if _IGNORED.search(text.split("package ", 1)[0]):
                continue
            for wanted in imports(text):
                at = _locate(wanted, folder, path, by_folder)
                if at is not None:
                    waiting.append(at)
                elif not _provided(wanted) and "vendor" not in file.parts:
                    raise PackageError(
                        f"{file} imports {wanted}, which is not there: vendor it (vendor/{wanted}/), as the builder on "
                        "the peers has no network"
                    )
    return frozenset(needed)


def _locate(wanted: str, folder: str, path: str, by_folder: dict[str, list[PurePosixPath]]) -> str | None:
    """The folder that an import means: the nearest `vendor` upwards, then the chaincode's own packages."""
    if wanted.startswith(("./", "../")):
        return None
    here = PurePosixPath(folder)
    for parent in (here, *here.parents):
        candidate = str(parent / "vendor" / wanted)
        if candidate in by_folder:
            return candidate
    if wanted == path:
        return "."
    own = wanted.removeprefix(f"{path}/")
    return own if own != wanted and own in by_folder else None


def _provided(wanted: str) -> bool:
    first = wanted.split("/")[0]
    standard = "." not in first or first in _STANDARD_ROOTS
    return standard or wanted == SHIM or wanted.startswith(_BUILDER_HAS[1])
