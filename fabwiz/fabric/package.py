"""Chaincode packages: `protos.ChaincodeDeploymentSpec` as the release's own `peer chaincode install` sends it.

What goes in follows core/chaincode/platforms and core/container/util/writer.go of the release. The bytes depend on
nothing but the source: entries are sorted, times and owners are zero, and the gzip stream holds stored blocks, since
compressors differ from one workstation to the next and peers compare packages by their hash (fingerprint mismatch).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fabric_protos.peer import chaincode_pb2

from fabwiz.fabric import go_source
from fabwiz.fabric.lifecycle import LANGUAGES
from fabwiz.fabric.source_files import PackageError, read, walk
from fabwiz.session.releases import Release

_GO_SUFFIXES = frozenset({".c", ".h", ".go", ".yaml", ".json"})
_METADATA = "META-INF"
_INDEX = re.compile(r"META-INF/statedb/couchdb/(?:collections/[A-Za-z0-9_-]+/)?indexes/.*\.json")
_JAVA = re.compile(r"(?:src|META-INF)/.*|build\.gradle|settings\.gradle|pom\.xml")
_FIRST = {"golang": (1, 0, 0), "node": (1, 1, 0), "java": (1, 3, 0)}


def build_package(root: Path, name: str, version: str, language: str, release: Release) -> bytes:
    """The package of a source folder, ready for `PeerClient.install`; the same source gives the same bytes.

    `language` is golang, node or java. Raises PackageError naming file and way out: a folder without fitting source,
    a missing dependency, a link that leads out, too much of it, or a language that the release does not run.
    """
    if release.number < _FIRST[language]:
        first = ".".join(map(str, _FIRST[language][:2]))
        raise PackageError(f"{root}: Fabric {release.version} runs no {language} chaincode; it came with {first}")
    path, entries = _LAYOUTS[language](root, release)
    spec = chaincode_pb2.ChaincodeSpec(
        type=LANGUAGES[language],
        chaincode_id=chaincode_pb2.ChaincodeID(name=name, version=version, path=path),
        input=chaincode_pb2.ChaincodeInput(),
    )
    package = chaincode_pb2.ChaincodeDeploymentSpec(chaincode_spec=spec, code_package=_tar_gz(entries))
    return bytes(package.SerializeToString(deterministic=True))


def package_id(package: bytes) -> bytes:
    """The fingerprint that peers of 1.1 and later tell of an installed chaincode (ccprovider/cdspackage.go).

    SHA-256 over the hash of the code and the hash of name and version.
    """
    deployment = chaincode_pb2.ChaincodeDeploymentSpec.FromString(package)
    chaincode = deployment.chaincode_spec.chaincode_id
    code = hashlib.sha256(deployment.code_package).digest()
    name = hashlib.sha256((chaincode.name + chaincode.version).encode()).digest()
    return hashlib.sha256(code + name).digest()


def package_path(package: bytes) -> str:
    """The chaincode path inside a package: what `instantiate` is told as `path`."""
    return str(chaincode_pb2.ChaincodeDeploymentSpec.FromString(package).chaincode_spec.chaincode_id.path)


def _golang(root: Path, release: Release) -> tuple[str, dict[str, bytes]]:
    path = go_source.import_path(root)
    files = list(walk(root))
    sources = read(root, [file for file in files if file.suffix == ".go"])
    folders = go_source.needed_folders(path, sources)
    suffixes = _GO_SUFFIXES if release.number < (1, 1, 0) else _GO_SUFFIXES | {".s"}
    wanted = [file for file in files if str(file.parent) in folders and file.suffix in suffixes]
    entries = {f"src/{path}/{file}": content for file, content in read(root, wanted).items()}
    return path, entries | _indexes(root, files, release)


def _node(root: Path, release: Release) -> tuple[str, dict[str, bytes]]:
    files = list(walk(root, frozenset({"node_modules"})))
    if PurePosixPath("package.json") not in files:
        raise PackageError(f"{root}: Node chaincode needs a package.json in its folder")
    code = [file for file in files if file.parts[0] != _METADATA]
    entries = {f"src/{file}": content for file, content in read(root, code).items()}
    return root.resolve().name, entries | _indexes(root, files, release)


def _java(root: Path, release: Release) -> tuple[str, dict[str, bytes]]:
    files = list(walk(root, frozenset({"target", "build", "out"})))
    if not {PurePosixPath("build.gradle"), PurePosixPath("pom.xml")} & set(files):
        raise PackageError(f"{root}: Java chaincode needs a build.gradle or pom.xml in its folder")
    code = [
        file for file in files if _JAVA.fullmatch(str(file)) and file.suffix != ".class" and file.parts[0] != _METADATA
    ]
    entries = {f"src/{file}": content for file, content in read(root, code).items()}
    return root.resolve().name, entries | _indexes(root, files, release)


_LAYOUTS = {"golang": _golang, "node": _node, "java": _java}


def _indexes(root: Path, files: list[PurePosixPath], release: Release) -> dict[str, bytes]:
    """CouchDB indexes below META-INF, which lie at the top of a package (1.1 and later; 1.0 refuses them)."""
    if release.number < (1, 1, 0):
        return {}
    found = [file for file in files if file.parts[0] == _METADATA and not file.name.startswith(".")]
    contents = read(root, found)
    for file, content in contents.items():
        if not _INDEX.fullmatch(str(file)):
            raise PackageError(
                f"{root / file}: peers take nothing below META-INF but statedb/couchdb/indexes/*.json and "
                "statedb/couchdb/collections/<collection>/indexes/*.json"
            )
        try:
            index = json.loads(content)
        except ValueError as error:
            raise PackageError(f"{root / file}: no JSON: {error}") from error
        if not isinstance(index, dict) or not isinstance(index.get("index"), dict):
            raise PackageError(f'{root / file}: a CouchDB index has a mapping "index"')
    return {str(file): content for file, content in contents.items()}


def _tar_gz(entries: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(entries, key=str.encode):
            member = tarfile.TarInfo(name)
            member.size = len(entries[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(entries[name]))
    return _stored_gzip(stream.getvalue())


def _stored_gzip(data: bytes) -> bytes:
    """RFC 1952 around RFC 1951's stored blocks; no time, no name, operating system unknown."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, len(data), 0xFFFF):
        block = data[start : start + 0xFFFF]
        last = start + 0xFFFF >= len(data)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
