"""How the keys that never leave the workstation are kept: as they are, or under a passphrase.

These are the keys of the CAs and of people (Admin, User1, ...). Keys of nodes stay as they are: their hosts must be
able to start them while nobody is there. A key under a passphrase is PKCS #8 as before, in PEM, with the best
encryption that the library has for it; it keeps its file's name. Keys of both kinds may lie side by side, as a change
from one to the other that was killed leaves them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

LEAST = 8
"""Characters of a passphrase that new keys get."""
_TRIES = 3
WAYS = (
    "a headless run takes it from FABWIZ_CA_PASSPHRASE, --ca-passphrase-fd or --ca-passphrase-file "
    "(or, with keys.keyring, from the desktop's keyring)"
)
"""Where a passphrase comes from, for messages."""
_MARK = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

Ask = Callable[[str, str | None], str | None]
"""Takes what is asked for (`""`, or `" (once more)"`), and an answer that was refused; None: there is no answer."""


class KeysLocked(Exception):
    """A key cannot be opened, or not be put under a passphrase. The message says why, and the way out."""


def _nobody(_what: str, _refused: str | None) -> str | None:
    return None


class KeyGuard:
    """Opens and closes keys with one passphrase, which is asked for once, when it is first needed. Thread-safe."""

    def __init__(
        self, encrypt: bool = False, ask: Ask = _nobody, on_opened: Callable[[str], None] | None = None
    ) -> None:
        """`encrypt`: keys that are made get the passphrase. `on_opened` is told it once it has proved right."""
        self.encrypt = encrypt
        self._ask = ask
        self._on_opened = on_opened
        self._passphrase: str | None = None
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"KeyGuard(encrypt={self.encrypt})"

    def pem(self, key: ec.EllipticCurvePrivateKey, encrypt: bool | None = None) -> bytes:
        """A key as it is to lie on the disk. `encrypt` stands for the guard's own. Raises KeysLocked."""
        from cryptography.hazmat.primitives import serialization

        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self.encrypt if encrypt is None else encrypt:
            protection = serialization.BestAvailableEncryption(self._for_new_keys().encode("utf-8", "surrogateescape"))
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)

    def open(self, path: Path) -> object:
        """The private key in a PEM file. Raises KeysLocked, OSError, ValueError and TypeError for what is none."""
        from cryptography.hazmat.primitives import serialization

        data = path.read_bytes()
        if not is_encrypted(data):
            return serialization.load_pem_private_key(data, None)
        with self._lock:
            for known, answer in self._answers(path):
                try:
                    key = serialization.load_pem_private_key(data, answer.encode("utf-8", "surrogateescape"))
                except ValueError:
                    if known:
                        raise KeysLocked(
                            f"{path} is under another passphrase than the keys that were opened before it: one of them "
                            "was changed alone. Restore it from a backup, or give it the same passphrase"
                        ) from None
                    continue
                if not known:
                    self._keep(answer)
                return key
        raise KeysLocked(f"{path} needs a passphrase, and the one that was given does not open it")

    def _answers(self, path: Path) -> Iterable[tuple[bool, str]]:
        """The passphrase that is known to open keys, else a few that are asked for, each refusing the one before."""
        return [(True, self._passphrase)] if self._passphrase is not None else _tries(self._ask, path)

    def _keep(self, passphrase: str) -> None:
        self._passphrase = passphrase
        if self._on_opened:
            self._on_opened(passphrase)

    def _for_new_keys(self) -> str:
        """What no key has proved yet is asked for twice: a slip would lock its keys for ever."""
        with self._lock:
            if self._passphrase is not None:
                return self._passphrase
            refused: str | None = None
            for _ in range(_TRIES):
                first = self._ask("", refused)
                if first is None:
                    break
                if len(first) < LEAST:
                    refused = first
                    continue
                if self._ask(" (once more)", refused) == first:
                    self._keep(first)
                    return first
                refused = first
            if refused is not None and len(refused) < LEAST:
                raise KeysLocked(f"the passphrase for new keys must have at least {LEAST} characters")
            if refused is not None:
                raise KeysLocked("the two passphrases differ; nothing was put under either")
            raise KeysLocked(f"keys are to be put under a passphrase, and none was given; {WAYS}")


def _tries(ask: Ask, path: Path) -> Iterator[tuple[bool, str]]:
    """Answers, asked for one after the other while those before do not open a key."""
    refused: str | None = None
    for _ in range(_TRIES):
        answer = ask("", refused)
        if answer is None and refused is None:
            raise KeysLocked(f"{path} is under a passphrase, and none was given; {WAYS}")
        if answer is None:
            return
        yield False, answer
        refused = answer


def is_encrypted(data: bytes) -> bool:
    """Whether a PEM file's key is under a passphrase."""
    return _MARK in data[:4096]


PLAIN = KeyGuard()
"""Makes plain keys and opens no others."""
