"""Folders that appear whole, and what is read back from them.

A new folder is made beside its place under a name with a leading dot and `.partial` at its end, synced and renamed:
a kill at any moment leaves either nothing of it or all of it. What a killed run left behind is removed by the next.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fabwiz.artifacts.crypto.certificates import certificate_pem
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.files import PRIVATE_FILE, make_private_dir, sync_dir, write_atomic
from fabwiz.session.guard import KeyGuard, KeysLocked

_LEFTOVER = re.compile(r"^\..+\.(partial|[0-9a-f]{12}\.tmp)$")

Tree = dict[str, bytes | None]
"""Files by their path below a folder; `None` stands for an empty folder."""


def create_whole(folder: Path, tree: Tree, *, durable: bool = True) -> None:
    """Make a folder with everything in it, 0700, files 0600; it must not exist. Raises OSError.

    Without `durable` nothing is synced, for what is thrown away soon.
    """
    make_private_dir(folder.parent)
    partial = folder.with_name(f".{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    for name, data in tree.items():
        path = partial / name
        if data is None:
            make_private_dir(path)
        else:
            make_private_dir(path.parent)
            _write_new(path, data, durable)
    for below, _, _ in os.walk(partial) if durable else ():
        sync_dir(Path(below))
    partial.rename(folder)
    if durable:
        sync_dir(folder.parent)


def write_into(folder: Path, name: str, data: bytes) -> None:
    """Add a file to a folder that exists, atomically, 0600. Raises OSError."""
    path = folder / name
    make_private_dir(path.parent)
    write_atomic(path, data)


def tidy(folder: Path) -> None:
    """Remove what a killed run left behind in a folder and below; take away what others may do there."""
    for below, folders, files in os.walk(folder):
        for name in list(folders):
            if _LEFTOVER.match(name):
                shutil.rmtree(Path(below, name))
                folders.remove(name)
        for name in files:
            path = Path(below, name)
            if _LEFTOVER.match(name):
                path.unlink()
            elif path.stat().st_mode & 0o077:
                path.chmod(path.stat().st_mode & 0o700)
        if Path(below).stat().st_mode & 0o077:
            Path(below).chmod(0o700)


def read_certificate(path: Path) -> x509.Certificate | None:
    """The certificate in a PEM file; `None` if the file is missing. Raises GenerateError if it holds none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise GenerateError(
            f"{path} is no certificate. Restore the file from a backup; where there is none, remove it: "
            "a certificate is made again from its key."
        ) from None


def read_key(path: Path, guard: KeyGuard | None = None) -> ec.EllipticCurvePrivateKey | None:
    """The private key in a PEM file; `None` if the file is missing. Raises GenerateError if it holds none.

    Only a `guard` opens keys that are under a passphrase: those of nodes never are.
    """
    try:
        key = guard.open(path) if guard else serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return None
    except KeysLocked as error:
        raise GenerateError(f"{error}.") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        free = "" if guard else " without a passphrase"
        raise GenerateError(f"{path} is no private key for ECDSA{free}. Restore it from a backup.")
    return key


def guarded_pem(key: ec.EllipticCurvePrivateKey, guard: KeyGuard) -> bytes:
    """A new key that stays on the workstation, as it is to lie there. Raises GenerateError without a passphrase."""
    try:
        return guard.pem(key)
    except KeysLocked as error:
        raise GenerateError(f"{error}.") from None


def key_files(folder: Path) -> list[Path]:
    """The private keys of a key store, by name."""
    return sorted(folder.glob("*_sk"))


def keep_copy(folder: Path, name: str, certificate: x509.Certificate) -> bool:
    """Have a copy of a certificate in a folder: whether it had to be written.

    Raises GenerateError where another certificate stands in its place.
    """
    present = read_certificate(folder / name)
    if present is None:
        write_into(folder, name, certificate_pem(certificate))
        return True
    if present != certificate:
        raise GenerateError(
            f"{folder / name} is not the certificate that belongs there: two generations of keys are mixed. "
            f"Restore the files that were made together from a backup, or move the organization's folder away "
            "to make all of its keys again."
        )
    return False


def _write_new(path: Path, data: bytes, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), PRIVATE_FILE)
        if durable:
            os.fsync(file.fileno())
