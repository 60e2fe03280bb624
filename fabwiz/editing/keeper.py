"""Settles and saves a draft while somebody types, and keeps the place, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from fabwiz.editing.bookmark import Bookmark, write_bookmark
from fabwiz.editing.draft import ChangedElsewhere, Draft, Settled
from fabwiz.session.edits import EditError

_SETTLE_AFTER = 0.06
"""Seconds of quiet before findings follow: a word is typed with less between its letters."""
_SAVE_AFTER = 0.3
_SAVE_WITHIN = 0.7
"""Seconds after the first unsaved change at which the file is written, typing or not."""


class Keeper:
    """`on_settled` and `on_saved` (with what went wrong, or `None`) are called from its thread."""

    def __init__(
        self, draft: Draft, on_settled: Callable[[Settled], None], on_saved: Callable[[Exception | None], None]
    ) -> None:
        self.draft = draft
        self._on_settled = on_settled
        self._on_saved = on_saved
        self._changed = threading.Condition()
        self._last = self._first = 0.0
        self._mark: Bookmark | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def changed(self) -> None:
        """Say that the draft was changed. Returns at once."""
        with self._changed:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self._changed.notify()

    def mark(self, place: Bookmark) -> None:
        """Keep the place where somebody is. Returns at once."""
        with self._changed:
            self._mark = place
            self._changed.notify()

    def close(self) -> None:
        """Save what is not saved yet, and end. Raises what `Draft.save` raises."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()
        self._write_mark()
        self.draft.save()

    def _run(self) -> None:
        while self._wait(lambda: self._first > 0 or self._mark is not None):
            self._write_mark()
            if not self._first:
                continue
            self._wait(lambda: time.monotonic() >= self._last + _SETTLE_AFTER, _SETTLE_AFTER / 2)
            if not self.draft.is_settled:
                self._on_settled(self.draft.settle())
            now = time.monotonic()
            due = min(self._last + _SAVE_AFTER, self._first + _SAVE_WITHIN)
            if now < due:
                with self._changed:
                    self._changed.wait(min(due - now, _SETTLE_AFTER))
                continue
            with self._changed:
                self._first = 0.0
            self._save()

    def _wait(self, until: Callable[[], bool], pause: float | None = None) -> bool:
        """Whether there is more to do."""
        with self._changed:
            while not self._ended and not until():
                self._changed.wait(pause)
            return not self._ended

    def _write_mark(self) -> None:
        with self._changed:
            mark, self._mark = self._mark, None
        if mark and self.draft.path:
            with suppress(OSError):  # a convenience; the session itself is what must not be lost
                write_bookmark(self.draft.path, mark)

    def _save(self) -> None:
        try:
            self.draft.save()
        except (OSError, EditError, ChangedElsewhere) as error:
            self._on_saved(error)
        else:
            self._on_saved(None)
