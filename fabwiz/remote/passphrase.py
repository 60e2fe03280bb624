"""The passphrase of the keys that stay at home: from the desktop's keyring if wished, else as secrets are."""

from __future__ import annotations

from typing import Any

from fabwiz.remote.secrets import Secret, SecretKind, SecretStore
from fabwiz.session.guard import KeyGuard, KeysLocked
from fabwiz.session.model import Keys

SERVICE = "fabwiz"
"""What the keyring calls the program."""


def key_guard(keys: Keys, place: str, secrets: SecretStore, subject: str) -> KeyGuard:
    """The guard of a session's keys. `place` names the workspace to the keyring, `subject` the network to people."""

    def ask(what: str, refused: str | None) -> str | None:
        if refused is None and not what and keys.keyring and secrets.given(SecretKind.CA) is None:
            kept = _keyring().get_password(SERVICE, place)
            if kept is not None:
                return str(kept)
        answer = secrets.get(SecretKind.CA, f"{subject}{what}", None if refused is None else Secret(refused))
        return answer.reveal() if answer else None

    def keep(passphrase: str) -> None:
        ring = _keyring()
        if ring.get_password(SERVICE, place) != passphrase:
            ring.set_password(SERVICE, place, passphrase)

    return KeyGuard(keys.encrypt, ask, keep if keys.keyring else None)


class _Keyring:
    """The keyring package, with its errors in words. Raises KeysLocked."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def get_password(self, service: str, name: str) -> str | None:
        try:
            found: str | None = self._module.get_password(service, name)
        except Exception as error:  # every backend has its own
            raise self._failed(error) from None
        return found

    def set_password(self, service: str, name: str, password: str) -> None:
        try:
            self._module.set_password(service, name, password)
        except Exception as error:
            raise self._failed(error) from None

    @staticmethod
    def _failed(error: Exception) -> KeysLocked:
        return KeysLocked(
            f"the keyring does not answer ({type(error).__name__}): unlock it, or set keys.keyring to false"
        )


def _keyring() -> _Keyring:
    try:
        import keyring
    except ImportError:
        raise KeysLocked(
            "keys.keyring wants the desktop's keyring, and the package for it is not there: "
            "`pip install 'fabwiz[keyring]'`, or set keys.keyring to false"
        ) from None
    return _Keyring(keyring)
