"""A container that runs: its thread, its restarts, its log."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from fabwiz.remote.rehearsal.containers.context import Context, Exit, Program
from fabwiz.remote.rehearsal.engine import clock
from fabwiz.remote.rehearsal.engine.logs import ContainerLog
from fabwiz.remote.rehearsal.engine.spec import Record

_FIRST_DELAY = 0.1
"""Docker's restart manager: 100 ms, doubled at each restart, up to a minute."""


class Container:
    """One container of the engine; `record` is what is remembered of it."""

    def __init__(
        self, record: Record, log: ContainerLog, changed: Callable[[], None], happened: Callable[[str], None]
    ) -> None:
        self.record = record
        self.log = log
        self._changed = changed
        self._happened = happened
        self._context: Context | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()

    @property
    def running(self) -> bool:
        """Whether its thread lives, a pause before a restart included."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, make_context: Callable[[], Context], program: Program) -> None:
        """Run in a thread; nothing happens when it runs already."""
        with self._lock:
            if self.running:
                return
            self._stopping.clear()
            self.record.stopped_by_hand = False
            self._begin()
            self._thread = threading.Thread(
                target=self._supervise, args=(make_context, program), name=self.record.spec.name, daemon=True
            )
            self._thread.start()

    def _begin(self) -> None:
        self.record.status, self.record.started = "running", clock.write(clock.now())
        self.record.error = ""
        self._changed()

    def _supervise(self, make_context: Callable[[], Context], program: Program) -> None:
        delay = _FIRST_DELAY
        while True:
            self._happened("start")  # told from here: whoever hears of it finds it running
            begun = clock.now()
            self._context = context = make_context()
            if self._stopping.is_set():
                context.stop.set()
            code = self._run(context, program)
            self.record.exit_code = code
            self.record.finished = clock.write(clock.now())
            self._happened("die")
            if self._stopping.is_set() or not self._restarts(code):
                self.record.status = "exited"
                self._changed()
                self.log.wake()
                return
            self.record.status = "restarting"
            self._changed()
            delay = _FIRST_DELAY if clock.now() - begun > 10 * 10**9 else min(delay * 2, 60)
            if self._stopping.wait(delay):
                continue
            self.record.restarts += 1
            self._begin()

    def _run(self, context: Context, program: Program) -> int:
        self.log.write(f"[rehearsal] {self.record.spec.image}: a stand-in, not the real program")
        try:
            return program(context)
        except Exit as end:
            if end.last_words:
                self.log.write(end.last_words)
            return end.code
        except Exception:  # a defect of the stand-in: shown where a node's panic would stand
            self.log.write("panic: [rehearsal] " + traceback.format_exc().rstrip())
            return 2
        finally:
            context.stop.set()

    def _restarts(self, code: int) -> bool:
        policy = self.record.spec.restart
        return policy in ("always", "unless-stopped") or (policy.startswith("on-failure") and code != 0)

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end and wait for it; after `timeout` seconds it counts as killed."""
        self.record.stopped_by_hand = True
        self.end(timeout)
        self._changed()

    def end(self, timeout: float = 10.0) -> None:
        """End it without noting that somebody wanted it stopped (the host goes down)."""
        with self._lock:
            thread = self._thread
            self._stopping.set()
            if self._context:
                self._context.stop.set()
        if thread and thread is not threading.current_thread():
            thread.join(timeout)
            if thread.is_alive():
                self.record.exit_code, self.record.status = 137, "exited"
        self.log.wake()
