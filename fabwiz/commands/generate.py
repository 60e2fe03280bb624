"""`fabwiz generate SESSION`: keys and artifacts, on the workstation."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import Refused, add_json, add_session, valid_network
from fabwiz.commands.remote import add_ca_passphrase, secret_store
from fabwiz.console.choose import choose
from fabwiz.deploy.errors import Locked
from fabwiz.deploy.events import Emitter, Kind, Status
from fabwiz.exitcodes import ExitCode
from fabwiz.session.workspace import Workspace

HELP = "make keys, certificates, blocks, transactions, compose files"
DESCRIPTION = """Make everything that is made on the workstation, beside the session file
(lan4.yaml -> lan4.fabwiz/): keys and certificates, genesis block, channel and
anchor transactions, compose files, what each host gets, and crypto-config.yaml
and configtx.yaml for those who go on with the official tools. Existing keys
are kept."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --json, and where a passphrase comes from."""
    add_session(parser)
    add_json(parser)
    add_ca_passphrase(parser)


def run(args: Namespace) -> ExitCode:
    """Generate and tell."""
    from fabwiz.artifacts.errors import ArtifactError
    from fabwiz.artifacts.generate import generate
    from fabwiz.deploy.journal import Journal
    from fabwiz.deploy.lock import locked
    from fabwiz.deploy.scratch import clear_scratch
    from fabwiz.remote.passphrase import key_guard
    from fabwiz.session.files import make_private_dir

    network = valid_network(args)
    path = args.session.absolute()
    guard = key_guard(network.session.keys, str(path), secret_store(args), network.name)
    workspace = Workspace(path, guard=guard)
    face = choose(args.json, logs=False)
    emit = Emitter(face)
    try:
        make_private_dir(workspace.root)
        clear_scratch(workspace.root)
        with locked(workspace.lock):
            report = generate(network, workspace, started=Journal(workspace.journal).ordering_began())
    except Locked as error:
        raise Refused(ExitCode.LOCKED, str(error)) from None
    except ArtifactError as error:
        raise Refused(ExitCode.FAILED, str(error)) from None
    finally:
        face.close()
    status = Status.DONE if report.created else Status.SKIPPED
    emit(
        Kind.SUMMARY,
        phase="generate",
        status=status,
        message=f"files: {len(report.created)} made, {len(report.kept)} kept, in {workspace.artifacts}",
    )
    return ExitCode.DONE
