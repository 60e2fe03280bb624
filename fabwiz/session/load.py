"""Reading a session file from disk. Whatever is wrong with the file becomes a finding."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity
from fabwiz.session.tree import MAX_BYTES, position


def load(path: Path) -> Document:
    """Read a session file. Never raises for what the file is or holds: look at `findings` and `session`."""
    content = _content(path)
    if isinstance(content, Finding):
        return Document("", path, content)
    try:
        return Document.from_text(content.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        what = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        message = f"the byte 0x{content[error.start]:02x} stands here: the file is {what}; save it as UTF-8"
        return Document("", path, Finding("yaml-syntax", Severity.ERROR, (), message, line=line, column=column))


def _content(path: Path) -> bytes | Finding:
    try:
        # a fifo without a writer must not hang a headless run
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        return _unreadable(path, error)
    except ValueError:
        return _refused("the file's name holds a NUL character; give the path of a session file")
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            return _refused(f"{path} is a folder; give the session file in it, such as {path / 'session.yaml'}")
        if not stat.S_ISREG(mode):
            return _refused(f"{path} is no regular file; give a session file that can be read again")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(path, error)
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        return _refused(
            f"{path} is larger than {MAX_BYTES >> 20} MB; a session file is far smaller: is it the right one?"
        )
    return content


def _unreadable(path: Path, error: OSError) -> Finding:
    if error.errno == errno.ENOENT:
        return _refused(f"{path} does not exist; check the name, or start from an example: `fabwiz examples`")
    if error.errno == errno.EACCES:
        return _refused(f"{path} may not be read by you; check its owner and mode")
    return _refused(f"{path} cannot be read: {error.strerror or error}")


def _refused(message: str) -> Finding:
    return Finding("session-file", Severity.ERROR, (), message, line=1, column=1)
