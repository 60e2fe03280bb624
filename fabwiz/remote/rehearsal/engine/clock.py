"""Times as Docker writes and reads them: RFC 3339 with nanoseconds, in UTC."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from fabwiz.session.units import parse_duration

_RFC3339 = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$")


def now() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()


def write(nanoseconds: int) -> str:
    """Such as `2019-02-13T10:20:30.000000042Z`: always nine digits, so that texts sort like times."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def read(text: str) -> int:
    """Nanoseconds from RFC 3339, a Unix time such as `1550053230.5`, or a duration ago such as `10m`.

    Raises ValueError for anything else.
    """
    if match := _RFC3339.match(text):
        zone = (match[4] or "Z").replace("Z", "+00:00")
        seconds = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").timestamp()
        return int(seconds) * 10**9 + int((match[3] or "").ljust(9, "0"))
    if re.fullmatch(r"\d+(\.\d{1,9})?", text):
        seconds_text, _, fraction = text.partition(".")
        return int(seconds_text) * 10**9 + int(fraction.ljust(9, "0") or "0")
    return now() - int(parse_duration(text) * 10**9)
