"""Keys and certificates of a whole network."""

from __future__ import annotations

from datetime import UTC, datetime

from fabwiz.artifacts.crypto.guarded import prove
from fabwiz.artifacts.crypto.organization import OrganizationKeys
from fabwiz.artifacts.crypto.profile import Profile
from fabwiz.artifacts.crypto.report import CryptoReport
from fabwiz.artifacts.errors import GenerateError, release_of
from fabwiz.session.files import make_private_dir
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def generate(network: Network, workspace: Workspace, now: datetime | None = None) -> CryptoReport:
    """Make what is missing of `artifacts/crypto-config`, and keep what is there.

    The tree, names and certificates are those of the session's own release of cryptogen (see `profile`); files are
    0600, folders 0700. A folder appears whole or not at all, so a run that was killed is simply run again: keys that
    are there stay, a certificate that is missing is issued for its key, and what was there is verified against the
    present CA. Folders of nodes that left the session stay where they are.

    `now` (with a time zone) is when certificates start, before backdating; the clock's time when nothing is said.
    Raises ArtifactError for an unknown release, else GenerateError, whose message names the file and the way out.
    """
    profile = Profile.of(release_of(network))
    moment = now or datetime.now(UTC)
    report = CryptoReport()
    try:
        for folder in (workspace.root, workspace.artifacts, workspace.crypto_config):
            make_private_dir(folder)
        prove(workspace)
        for organization in network.all_organizations:
            keys = OrganizationKeys(
                organization,
                workspace.crypto_config,
                profile,
                network.session.certificates,
                moment,
                durable=workspace.durable,
                guard=workspace.guard,
            )
            keys.keep(report)
    except OSError as error:
        raise GenerateError(
            f"{error.filename or workspace.crypto_config}: {error.strerror or error}. Make room, or mend the rights of "
            "that place, and run this again: what was made so far is kept."
        ) from error
    return report
