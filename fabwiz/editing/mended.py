"""The network of a session that is not right yet: what it says, but for the places that say nothing usable."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fabwiz.session.edits import EditError, edited
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.problems import problems

_SKELETON: dict[str, Any] = {
    "fabwiz": 1,
    "name": "unnamed",
    "fabric": "",
    "hosts": {},
    "zookeeper": {},
    "kafka": {},
    "orderers": {},
    "organizations": {},
}
_MOST_TRIES = 12


def mended_network(data: Any) -> Network | None:
    """The network that `data`, the plain data of a session file, describes where it can be understood.

    Values that a session may not hold count as not given, and so does a part without what it must say: half of a
    word that somebody is typing must not take all other findings away. `None` where nothing can be made of it.
    """
    wanted = {**_SKELETON, **{key: value for key, value in data.items() if value is not None}} if data else _SKELETON
    for _ in range(_MOST_TRIES):
        try:
            return Network(Session.model_validate(wanted))
        except ValidationError as error:
            wrong = {finding.path for finding in problems(error, wanted) if finding.path}
        smaller = _without(wanted, wrong)
        if smaller == wanted:
            return None
        wanted = {**_SKELETON, **smaller}
    return None


def _without(data: Any, paths: set[SessionPath]) -> Any:
    """The data without what stands at the paths; where nothing stands there, without the part above."""
    for path in sorted(paths, key=lambda one: tuple(map(str, one)), reverse=True):  # later list items go first
        while path:
            try:
                smaller = edited(data, Edit(path))
            except EditError:
                smaller = data
            if smaller != data:
                data = smaller
                break
            path = path[:-1]
    return data
