"""Finding the known error that a line tells of."""

from __future__ import annotations

from fabwiz.diagnose import certificates, chaincode, channels, docker, kafka
from fabwiz.diagnose.known import Known
from fabwiz.session.releases import Release

KNOWN: tuple[Known, ...] = (
    *kafka.KNOWN,
    *channels.KNOWN,
    *certificates.KNOWN,
    *chaincode.KNOWN,
    *docker.KNOWN,
)
"""Every known error. The first that matches counts: the more exact ones stand before the general ones."""

LONGEST = 8192
"""Characters of a text that are looked at: its first half and its last, where it is longer."""


def diagnose(text: str, release: Release | None = None) -> Known | None:
    """What is known about a message; `None` if nothing is.

    With `release` only what that release can say counts. `text` is untrusted; of one that is longer than `LONGEST`
    characters the middle is left out.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    for known in KNOWN:
        if known.regex.search(text) and (release is None or known.is_of(release)):
            return known
    return None
