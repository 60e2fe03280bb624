"""What hosts print, made fit to be shown and saved: no byte of it may steer a terminal or deceive a reader.

Removed are escape sequences (CSI, OSC, DCS and their kin, in their 7-bit and their 8-bit form; ECMA-48), control
characters other than tab and line end, and the characters that reorder or hide text (Unicode bidirectional controls,
tags, line separators). Ordinary text of any script stays as it is.
"""

from __future__ import annotations

import codecs
import re

MAX_SEQUENCE = 4096
"""Characters that a string sequence may have; a longer one is taken for text, without its introducer."""

MAX_LINE = 16384
"""Characters of a line that are kept; the rest of a longer line is dropped."""

_STEERING = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_BODY = rf"[^\x00-\x08\x0a-\x1f\x7f-\x9f]{{0,{MAX_SEQUENCE}}}"
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])"
_CSI = r"(?:\x1b\[|\x9b)"
_UNWANTED = (
    rf"{_STRING}{_BODY}(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC up to their terminator
    rf"|{_CSI}[0-?]{{0,64}}[ -/]{{0,8}}[@-~]"
    r"|\x1b[ -/]{1,8}[0-~]"
    r"|\x1b[0-~]"
    r"|(?P<end>\r\n?|[\u2028\u2029])"
    rf"|[{_STEERING}]"
)
# the end of a piece that more text could still turn into one of the above
_OPEN = rf"(?P<open>(?:{_STRING}{_BODY}\x1b?|{_CSI}[0-?]{{0,64}}[ -/]{{0,8}}|\x1b[ -/]{{0,8}}|\r)\Z)"

_ANY = re.compile(rf"[{_STEERING}\u2028\u2029]")  # most text has none of it, and this is quickly seen
_WHOLE = re.compile(_UNWANTED)
_PIECE = re.compile(f"{_OPEN}|{_UNWANTED}")


def clean(text: str) -> str:
    """The text without anything that steers a terminal; line ends of any kind become `\\n`. Idempotent."""
    if not _ANY.search(text):
        return text
    return _WHOLE.sub(lambda match: "\n" if match["end"] else "", text)


class Cleaner:
    """`clean` for text that comes in pieces, cut anywhere: the pieces together give what the whole would give."""

    def __init__(self, one_line: bool = False) -> None:
        """`one_line`: only line feeds end lines; what else might end one becomes a space."""
        self._held = ""
        self._other_end = " " if one_line else "\n"

    def feed(self, text: str) -> str:
        """Take a piece; returns what is certain by now. At most one unfinished sequence is held back."""
        text, self._held = self._held + text, ""
        return _PIECE.sub(self._replace, text) if _ANY.search(text) else text

    def flush(self) -> str:
        """The end of the text: what was held back."""
        held, self._held = self._held, ""
        return _WHOLE.sub(self._end, held)

    def _replace(self, match: re.Match[str]) -> str:
        self._held = match["open"] or ""
        return self._end(match)

    def _end(self, match: re.Match[str]) -> str:
        if not match["end"]:
            return ""
        return "\n" if match["end"] == "\r\n" else self._other_end


class Lines:
    """Bytes of a stream, cut anywhere, to clean lines of bounded length (`MAX_LINE` characters)."""

    def __init__(self, only_feeds: bool = False) -> None:
        """`only_feeds`: lines end with line feeds alone, where a line must not pass for two, such as in logs."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cleaner = Cleaner(one_line=only_feeds)
        self._line = ""
        self._dropped = False

    def feed(self, data: bytes) -> list[str]:
        """Take a piece; returns the lines that it completes, without their ends."""
        return self._split(self._cleaner.feed(self._decoder.decode(data)))

    def flush(self) -> list[str]:
        """The end of the stream: the last line, if it has no end of its own."""
        text = self._cleaner.feed(self._decoder.decode(b"", final=True)) + self._cleaner.flush()
        lines = self._split(text)
        return [*lines, self._take()] if self._line or self._dropped else lines

    def _split(self, text: str) -> list[str]:
        *complete, rest = text.split("\n")
        lines = []
        for part in complete:
            self._add(part)
            lines.append(self._take())
        self._add(rest)
        return lines

    def _add(self, text: str) -> None:
        room = MAX_LINE - len(self._line)
        self._dropped = self._dropped or len(text) > room
        self._line += text[:room]

    def _take(self) -> str:
        line, self._line = self._line + (" … (line cut)" if self._dropped else ""), ""
        self._dropped = False
        return line
