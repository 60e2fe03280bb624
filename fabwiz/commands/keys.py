"""`fabwiz keys encrypt|decrypt SESSION`: put CA and admin keys under a passphrase, or take it off."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import Refused, add_session, any_network
from fabwiz.commands.remote import add_ca_passphrase, secret_store
from fabwiz.deploy.errors import Locked
from fabwiz.exitcodes import ExitCode
from fabwiz.session.document import Document
from fabwiz.session.findings import Edit
from fabwiz.session.load import load
from fabwiz.session.workspace import Workspace

HELP = "put CA and admin keys under a passphrase, or take it off"
DESCRIPTION = """The keys that never leave the workstation - those of CAs, admins and users -
can lie under a passphrase. `encrypt` puts all of them under one and sets
keys.encrypt in the session, so that new ones get it, too; `decrypt` takes it
off. Each file is replaced at once, under its name; a change that was
interrupted is completed by running it again, and every command reads what it
left. To change the passphrase, decrypt, then encrypt. Nodes' keys stay as they
are: hosts start their containers while nobody is there. The official tools
read no such keys."""


def add_arguments(parser: ArgumentParser) -> None:
    """encrypt or decrypt, SESSION, and where the passphrase comes from."""
    parser.add_argument("change", choices=("encrypt", "decrypt"), help="what to do with the keys")
    add_session(parser)
    add_ca_passphrase(parser)


def run(args: Namespace) -> ExitCode:
    """Change keys and session."""
    from fabwiz.artifacts.crypto.guarded import rewrite
    from fabwiz.artifacts.errors import ArtifactError
    from fabwiz.deploy.lock import locked
    from fabwiz.remote.passphrase import key_guard

    network = any_network(args)
    encrypt = args.change == "encrypt"
    path = args.session.absolute()
    guard = key_guard(network.session.keys, str(path), secret_store(args), network.name)
    workspace = Workspace(path, guard=guard)
    try:
        with locked(workspace.lock):
            changed, kept = rewrite(workspace, encrypt)
            _say_so(load(args.session), encrypt)
    except Locked as error:
        raise Refused(ExitCode.LOCKED, str(error)) from None
    except ArtifactError as error:
        raise Refused(ExitCode.FAILED, str(error)) from None
    state = "under the passphrase" if encrypt else "without a passphrase"
    print(f"keys of CAs, admins and users: {len(changed)} changed, {len(kept)} were so already; all are {state}")
    return ExitCode.DONE


def _say_so(document: Document, encrypt: bool) -> None:
    """Have the session say it, too. Raises OSError."""
    assert document.session
    assert document.path
    if document.session.keys.encrypt is not encrypt:
        document.edit([Edit(("keys", "encrypt"), encrypt)]).save(document.path)
