"""What steps get to hear from the engine's threads."""

from __future__ import annotations

from textual.message import Message
from textual.message_pump import MessagePump

from fabwiz.deploy.session_run import SessionRun
from fabwiz.remote.relay import Asked
from screens.telling import tell


class Moved(Message):
    """A run, or a look at the hosts, is in another state."""

    def __init__(self, run: SessionRun) -> None:
        super().__init__()
        self.run = run


class AskedNow(Message):
    """A connection has a question; see `screens.widgets.answering`."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked


def pass_question(receiver: MessagePump, asked: Asked) -> None:
    """Hand a question to a step; where that is gone nobody answers, and nobody waits."""
    tell(receiver, AskedNow(asked), otherwise=lambda: asked.answer(None))
