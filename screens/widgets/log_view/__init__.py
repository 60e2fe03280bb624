"""The log of a run on the screen."""

from __future__ import annotations

from screens.widgets.log_view.panel import LogPanel
from screens.widgets.log_view.view import LogView

__all__ = ["LogPanel", "LogView"]
