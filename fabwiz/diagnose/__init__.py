"""Errors that operators of Fabric 1.x with Kafka meet, word for word, with cause and remedy.

`diagnose` takes a line of a log, or the text of an answer, and says what is known about it.
"""

from __future__ import annotations

from fabwiz.diagnose.known import Known
from fabwiz.diagnose.lookup import KNOWN, diagnose

__all__ = ["KNOWN", "Known", "diagnose"]
