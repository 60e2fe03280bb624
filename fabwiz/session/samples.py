"""Where a chaincode's source lies: beside the session file, else among the samples that are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path


@contextmanager
def chaincode_source(path: str, base: Path | None) -> Iterator[Path | None]:
    """The folder of a chaincode's source, or `None` where there is none.

    `path` is taken relative to `base`, the session file's folder (`~` and absolute paths work, too); what is not there
    is looked up by its name among the samples in `assets/chaincode`.
    """
    if base is not None:
        beside = base / Path(path).expanduser()
        if beside.is_dir():
            yield beside
            return
    sample = resources.files("assets.chaincode").joinpath(path) if _is_plain(path) else None
    if sample is not None and sample.is_dir():
        with resources.as_file(sample) as folder:
            yield folder
        return
    yield None


def _is_plain(path: str) -> bool:
    """A sample is named by one word; anything with a separator is a path."""
    return Path(path).name == path and path not in ("", ".", "..")
