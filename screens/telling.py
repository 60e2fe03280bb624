"""News from the engine's threads for what is on the screen."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message
from textual.message_pump import MessagePump


def tell(receiver: MessagePump, message: Message, otherwise: Callable[[], None] | None = None) -> None:
    """Post a message from any thread; `otherwise` is called where nobody is there any more to take it."""
    try:
        taken = receiver.post_message(message)
    except RuntimeError:  # the app has ended meanwhile
        taken = False
    if not taken and otherwise:
        otherwise()
