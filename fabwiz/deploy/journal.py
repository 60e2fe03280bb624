"""The journal of a workspace: what was done, one JSON object a line, append-only and fsynced.

It serves people and the few questions that hosts cannot answer (which transaction a check sent). Everything else
is asked of the hosts, so a lost journal costs no more than an audit trail.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fabwiz.deploy.events import now
from fabwiz.session.files import make_private_dir, sync_dir


class Journal:
    """Opens for each record: a run that is killed leaves at most one torn last line, which reading passes over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = secrets.token_hex(4)
        self._lock = threading.Lock()

    def append(self, kind: str, **values: Any) -> None:
        """Write one record and wait until it is on the disk. Raises OSError when it cannot be."""
        record = {"time": now(), "run": self.run, "kind": kind, **{k: v for k, v in values.items() if v is not None}}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self._lock:
            make_private_dir(self.path.parent)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                # what a killed run left unfinished must not swallow this record
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    line = "\n" + line
                data = line.encode()
                while data:  # on a disk that is nearly full, a part is written before there is an error
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
                if not size:
                    sync_dir(self.path.parent)
            except OSError as error:
                error.filename = str(self.path)
                raise
            finally:
                os.close(descriptor)

    def records(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """All whole records, oldest first."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.split("\n"):  # JSON leaves other ends of lines, such as U+2028, as they are
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and kind in (None, record.get("kind")):
                yield record

    def ordering_began(self) -> bool:
        """Whether orderers may hold ledgers that began with the genesis block in the workspace.

        They may from the moment in which a run was about to start them, until all data was taken away.
        """
        began = False
        for record in self.records():
            if record.get("phase") == "orderers" and record.get("kind") == "step":
                began = True
            elif record.get("kind") == "data-removed":
                began = False
        return began
