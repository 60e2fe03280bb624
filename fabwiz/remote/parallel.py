"""Doing one thing for many hosts at once, in threads that keep nobody from leaving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def as_they_come(function: Callable[[T], R], items: Sequence[T], most: int, name: str) -> Iterator[tuple[T, R]]:
    """Each item with what the function gave for it, as soon as that is there; `most` at the same time.

    What the function raises is raised here. The threads are daemons: a program that ends waits for none of them.
    """
    waiting: SimpleQueue[T] = SimpleQueue()
    done: SimpleQueue[tuple[T, R | None, BaseException | None]] = SimpleQueue()
    for item in items:
        waiting.put(item)

    def work() -> None:
        while not waiting.empty():
            try:
                item = waiting.get_nowait()
            except Exception:  # another thread was quicker
                return
            try:
                done.put((item, function(item), None))
            except BaseException as error:
                done.put((item, None, error))

    for number in range(min(most, len(items))):
        threading.Thread(target=work, name=f"{name}-{number}", daemon=True).start()
    for _ in items:
        item, result, error = done.get()
        if error is not None:
            raise error
        yield item, result  # type: ignore[misc]
