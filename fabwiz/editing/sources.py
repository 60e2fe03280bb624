"""Where the source of a chaincode was found, in words."""

from __future__ import annotations

from pathlib import Path

from fabwiz.session.samples import chaincode_source


def whereabouts(path: str, base: Path | None) -> str:
    """Where `path` leads: beside the session file, whose folder is `base`, or among the samples, or nowhere."""
    if not path.strip():
        return "Name a folder beside the session file, or a sample such as chaincode_example02."
    try:
        folder = Path(path).expanduser()
        if base is not None and (base / folder).is_dir():
            return f"Found: {folder}" if folder.is_absolute() else "Found beside the session file."
        with chaincode_source(path, None) as sample:
            found = sample is not None
    except (OSError, RuntimeError, ValueError):  # a name that no folder can have, or ~ of a user who is not there
        found = False
    if found:
        return "Found among the samples that come with fabwiz."
    return "Not found: neither a folder beside the session file nor a sample."
