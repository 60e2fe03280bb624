"""Where a run happens: on the session's own hosts, or on rehearsal hosts on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fabwiz.remote.options import RemoteOptions
from fabwiz.session.model import Keys
from fabwiz.session.network import Network

if TYPE_CHECKING:
    from fabwiz.remote.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class Place:
    """What a run is to be told about its hosts."""

    network: Network
    session_file: Path
    """The workspace lies beside it; it need not be there."""
    options: RemoteOptions
    source_folder: Path
    """Where chaincode paths and image archives are looked up."""
    rehearsal: Rehearsal | None = None


def own_hosts(network: Network, session_file: Path, options: RemoteOptions | None = None) -> Place:
    """The session's own hosts; without `options`, those of a person at this machine."""
    folder = session_file.absolute().parent
    return Place(network, session_file, options or RemoteOptions(base=folder), folder)


@contextmanager
def rehearsal_hosts(network: Network, session_file: Path) -> Iterator[Place]:
    """Rehearsal hosts for a session, with a workspace of their own; all of it is gone afterwards.

    Raises RehearsalError where they do not come up.
    """
    from fabwiz.remote.rehearsal import Rehearsal

    with tempfile.TemporaryDirectory(prefix="fabwiz-rehearsal-") as name:
        folder = Path(name)
        with Rehearsal(network.session, folder) as hosts:
            options = RemoteOptions(
                known_hosts=hosts.known_hosts, user_known_hosts=None, base=folder, default_keys=False
            )
            source = session_file.absolute().parent
            # its keys are gone with it: nobody is asked for a passphrase of theirs
            session = hosts.session.model_copy(update={"keys": Keys()})
            yield Place(Network(session), folder / session_file.name, options, source, hosts)
