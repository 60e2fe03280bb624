"""Answers that are no messages of Fabric's: a node that sends them, broken or hostile, ends a call like any refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from google.protobuf.message import DecodeError

from fabwiz.fabric.errors import FabricError


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Client = TypeVar("Client", bound=_Named)
P = ParamSpec("P")
T = TypeVar("T")


def understood(
    method: Callable[Concatenate[Client, P], T],
) -> Callable[Concatenate[Client, P], T]:
    """Let a client's method raise FabricError where the node's answer cannot be read."""

    @wraps(method)
    def guarded(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except (DecodeError, IndexError) as error:
            raise FabricError(f"its answer makes no sense ({type(error).__name__})", target=self.name) from None

    return guarded


@contextmanager
def readable(kind: type[Exception], what: str) -> Iterator[None]:
    """Raise `kind` where a message cannot be read; `what` says which."""
    try:
        yield
    except (DecodeError, IndexError) as error:
        raise kind(f"{what} cannot be read ({type(error).__name__})") from None
