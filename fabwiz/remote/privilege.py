"""Finding out how a command becomes root's on a host: not at all, through sudo, or through sudo with a password.

What is needed are the rights to speak to Docker and to write `remote_dir`. `ssh.sudo` decides: `never`,
`passwordless` (sudo -n), `ask` (sudo with a password that is asked for once), and `auto`: nothing for uid 0 and for
users who can do both already, else sudo if it works without a password, else sudo if a password is to be had, else
nothing, so that Docker or the folder itself says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fabwiz.remote.auth import login_name
from fabwiz.remote.connection import AuthenticationFailed, Result
from fabwiz.remote.quote import Elevation
from fabwiz.remote.secrets import ENVIRONMENT, Secret, SecretKind, SecretStore
from fabwiz.session.network import Host

_PASSWORD_TRIES = 3

# $1: remote_dir, $2: whether sudo is of interest: `always`, `needed` or `no`
_PROBE = """\
uid=$(id -u); echo "uid=$uid"
[ "$uid" = 0 ] && exit
d=$1; while [ ! -e "$d" ] && [ "$d" != / ] && [ "$d" != . ]; do d=$(dirname -- "$d"); done
able=
if [ -w "$d" ]; then
  if [ -w /var/run/docker.sock ]; then able=1
  else for g in $(id -Gn); do [ "$g" = docker ] && able=1; done; fi
fi
[ "$able" ] && echo able=1
[ "$2" = no ] && exit
[ "$2" = needed ] && [ "$able" ] && exit
command -v sudo >/dev/null || exit
echo sudo=1
LC_ALL=C sudo -k -n -- sh -c : </dev/null >/dev/null 2>&1 && echo passwordless=1
exit 0
"""

Run = Callable[[Sequence[str], bytes], Result]
"""Runs a command as the user who logged in, with some input."""


def detect(host: Host, run: Run, secrets: SecretStore) -> tuple[Elevation, Secret | None]:
    """How `root=True` is to be done on this host, with sudo's password if that takes one.

    Raises AuthenticationFailed where the session asks for sudo and it does not work.
    """
    mode = host.ssh.sudo or "auto"
    if mode == "never":
        return Elevation.PLAIN, None
    interest = "needed" if mode == "auto" else "always"
    found = run(["sh", "-c", _PROBE, "fabwiz", host.remote_dir, interest], b"").check("looking at the user's rights")
    facts = set(found.stdout.split())
    if "uid=0" in facts or (mode == "auto" and "able=1" in facts):
        return Elevation.PLAIN, None
    if "passwordless=1" in facts:
        return Elevation.SUDO, None
    user = login_name(host)
    if mode == "auto":
        secret = secrets.get(SecretKind.SUDO, user) if "sudo=1" in facts else None
        if secret is None:
            return Elevation.PLAIN, None
    elif "sudo=1" not in facts:
        raise AuthenticationFailed(host.name, f"ssh.sudo is {mode}, but there is no sudo", "log in as root")
    elif mode == "passwordless":
        raise AuthenticationFailed(
            host.name,
            f"sudo wants a password of {user}, but ssh.sudo is passwordless",
            f"set ssh.sudo: ask, or let sudoers say `{user} ALL=(ALL) NOPASSWD: ALL`",
        )
    return Elevation.SUDO_PASSWORD, _password(host, user, run, secrets)


def _password(host: Host, user: str, run: Run, secrets: SecretStore) -> Secret:
    """A password that sudo takes. It is tried alone: sudo would take what follows for further tries."""
    refused: Secret | None = None
    said = ""
    for _ in range(_PASSWORD_TRIES):
        secret = secrets.get(SecretKind.SUDO, user, refused=refused)
        if secret is None:
            break
        result = run(["env", "LC_ALL=C", "sudo", "-k", "-S", "-p", "", "--", "sh", "-c", ":"], _line(secret))
        if result.ok:
            return secret
        said = next((line for line in result.stderr.splitlines() if line.strip()), "")
        if "not in the sudoers" in result.stderr or "not allowed" in result.stderr:
            raise AuthenticationFailed(host.name, f"{user} may not use sudo: {said}", "log in as a user who may")
        refused = secret
    if refused is None:
        raise AuthenticationFailed(
            host.name,
            f"sudo wants the password of {user}, and none was given",
            f"in a headless run it comes from {ENVIRONMENT[SecretKind.SUDO]} or a file descriptor",
        )
    raise AuthenticationFailed(host.name, f"sudo refused the password of {user}: {said}", "give the right one")


def _line(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogateescape") + b"\n"
