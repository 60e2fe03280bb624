"""How a command logs in to hosts: its options, and who is asked for passwords."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from fabwiz.commands.common import complete_files

if TYPE_CHECKING:
    from fabwiz.remote.options import Asker, RemoteOptions
    from fabwiz.remote.secrets import SecretStore


def add_remote(parser: ArgumentParser) -> None:
    """Host keys, and where secrets come from."""
    group = parser.add_argument_group(
        "logging in",
        "Nothing is asked in a headless run. Secrets come from the environment\n"
        "(FABWIZ_SSH_PASSWORD, FABWIZ_SUDO_PASSWORD, FABWIZ_KEY_PASSPHRASE) or from an\n"
        "open file descriptor, never from the command line, and are never saved.",
    )
    group.add_argument(
        "--accept-new-host-keys",
        action="store_true",
        help="trust hosts that were never seen before; a changed key is always refused",
    )
    known_hosts = group.add_argument(
        "--known-hosts",
        type=Path,
        metavar="FILE",
        help="fabwiz's own known_hosts file (~/.ssh/known_hosts is read, too)",
    )
    complete_files(known_hosts)
    for option, what in (
        ("--password-fd", "the SSH password"),
        ("--sudo-password-fd", "sudo's password"),
        ("--passphrase-fd", "the passphrase of the key file"),
    ):
        group.add_argument(option, type=_descriptor, metavar="FD", help=f"read {what} from this file descriptor")
    add_ca_passphrase(parser)


def add_ca_passphrase(parser: ArgumentParser) -> None:
    """Where the passphrase of CA and admin keys comes from, for every command that opens them."""
    group = parser.add_argument_group(
        "CA and admin keys",
        "Where they are under a passphrase (session: keys.encrypt), it comes from\n"
        "FABWIZ_CA_PASSPHRASE, a descriptor, a file, or the desktop's keyring.",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument("--ca-passphrase-fd", type=_descriptor, metavar="FD", help="read it from this file descriptor")
    file = either.add_argument(
        "--ca-passphrase-file",
        type=_private_file,
        metavar="FILE",
        dest="ca_passphrase_fd",
        help="read it from the first line of a file that only you may read",
    )
    complete_files(file)


def _private_file(word: str) -> int:
    """A descriptor of a file that nobody else may read. Raises ArgumentTypeError for any other."""
    try:
        descriptor = os.open(word, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ArgumentTypeError(f"{word}: {error.strerror}") from None
    if os.fstat(descriptor).st_mode & 0o077:
        os.close(descriptor)
        raise ArgumentTypeError(f"{word} may be read by others: `chmod 600 {word}`")
    return descriptor


def secret_store(args: Namespace) -> SecretStore:
    """The secrets of a command that opens keys and reaches no host."""
    from fabwiz.remote.secrets import SecretKind, SecretStore

    given = {} if args.ca_passphrase_fd is None else {SecretKind.CA: args.ca_passphrase_fd}
    return SecretStore(lambda _: None, given)


def add_take_over(parser: ArgumentParser) -> None:
    """`--take-over`, for commands that change hosts."""
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="take the hosts from another operator's run that holds their lease; it stops before its next act",
    )


def _descriptor(word: str) -> int:
    """An open file descriptor. Raises ArgumentTypeError for anything else."""
    try:
        os.fstat(int(word))
    except (ValueError, OverflowError, OSError):
        raise ArgumentTypeError(f"{word} is no open file descriptor; open it in the shell: 3< file") from None
    return int(word)


def remote_options(args: Namespace) -> RemoteOptions:
    """What the command line says about logging in."""
    from fabwiz.remote.options import RemoteOptions, default_known_hosts
    from fabwiz.remote.secrets import SecretKind

    descriptors = {
        SecretKind.PASSWORD: args.password_fd,
        SecretKind.SUDO: args.sudo_password_fd,
        SecretKind.PASSPHRASE: args.passphrase_fd,
        SecretKind.CA: args.ca_passphrase_fd,
    }
    return RemoteOptions(
        accept_new_host_keys=args.accept_new_host_keys,
        known_hosts=args.known_hosts or default_known_hosts(),
        secret_fds={kind: number for kind, number in descriptors.items() if number is not None},
        base=args.session.absolute().parent,
    )


def asker() -> Asker:
    """Headless commands ask nobody."""
    from fabwiz.remote.options import HeadlessAsker

    return HeadlessAsker()
