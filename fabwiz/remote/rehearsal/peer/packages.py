"""Chaincode packages that were installed on a peer (core/common/ccprovider)."""

from __future__ import annotations

import hashlib
import io
import tarfile
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

from fabric_protos.peer import chaincode_pb2

from fabwiz.remote.rehearsal.peer.errors import CallError

INSIDE = "/var/hyperledger/production/chaincodes"
SAMPLE = "chaincode_example02"


class Package:
    """A `protos.ChaincodeDeploymentSpec`. Raises CallError for what is none."""

    def __init__(self, data: bytes) -> None:
        try:
            self.spec = chaincode_pb2.ChaincodeDeploymentSpec.FromString(data)
        except Exception as error:  # protobuf raises DecodeError, which has no public base
            raise CallError(f"failed to unmarshal deployment spec from bytes: {error}") from error
        identity = self.spec.chaincode_spec.chaincode_id
        self.name, self.version, self.path = str(identity.name), str(identity.version), str(identity.path)

    @cached_property
    def fingerprint(self) -> tuple[bytes, bytes]:
        """`ccprovider.CDSData`, serialized, and the package's id."""
        code = hashlib.sha256(self.spec.code_package).digest()
        about = hashlib.sha256(self.name.encode() + self.version.encode()).digest()
        data = chaincode_pb2.CDSData(hash=code, metadatahash=about).SerializeToString()
        return data, hashlib.sha256(code + about).digest()

    @cached_property
    def is_sample(self) -> bool:
        """Whether its source is that of the shipped sample, whose logic a rehearsal knows."""
        try:
            with tarfile.open(fileobj=io.BytesIO(self.spec.code_package), mode="r:gz") as archive:
                for member in archive:
                    if member.isfile() and member.name.endswith(".go") and "/vendor/" not in member.name:
                        file = archive.extractfile(member)
                        if file and hashlib.sha256(file.read()).digest() in _sample_sources():
                            return True
        except (tarfile.TarError, OSError, EOFError):
            pass
        return False


@lru_cache(maxsize=1)
def _sample_sources() -> frozenset[bytes]:
    folder = resources.files("assets").joinpath("chaincode", SAMPLE)
    return frozenset(
        hashlib.sha256(file.read_bytes()).digest() for file in folder.iterdir() if file.name.endswith(".go")
    )


class Packages:
    """What is installed, kept in the peer's volume."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def install(self, data: bytes) -> Package:
        """Keep a package. Raises CallError when that name and version are there."""
        package = Package(data)
        path = self._path(package.name, package.version)
        if path.exists():
            raise CallError(
                f"error installing chaincode code {package.name}:{package.version}(chaincode "
                f"{INSIDE}/{package.name}.{package.version} exists)"
            )
        partial = self._folder / f".{path.name}"
        partial.write_bytes(data)
        partial.replace(path)
        return package

    def _path(self, name: str, version: str) -> Path:
        if "/" in name or "/" in version:
            raise CallError(f"invalid chaincode name '{name}' or version '{version}'")
        return self._folder / f"{name}.{version}"

    def find(self, name: str, version: str) -> Package:
        """An installed package. Raises CallError."""
        path = self._path(name, version)
        if not path.exists():
            raise CallError(f"cannot get package for chaincode ({name}:{version})")
        return Package(path.read_bytes())

    def all(self) -> list[Package]:
        """Every installed package."""
        return [Package(path.read_bytes()) for path in sorted(self._folder.glob("[!.]*"))]
