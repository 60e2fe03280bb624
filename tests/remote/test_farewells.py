"""Messages of the SSH connection protocol that may not be sent any more."""

from __future__ import annotations

import pytest

from fabwiz.remote.farewells import Farewells

WINDOW, DATA, EOF, CLOSE, REQUEST, GLOBAL = 93, 94, 96, 97, 98, 80


def message(kind: int, number: int, rest: bytes = b"") -> bytes:
    return bytes([kind]) + number.to_bytes(4, "big") + rest


@pytest.mark.parametrize("late", [WINDOW, DATA, EOF, CLOSE, REQUEST])
def test_a_closed_channel_is_told_nothing_more(late: int) -> None:
    farewells = Farewells()
    assert farewells.may_go(message(late, 3))

    assert farewells.may_go(message(CLOSE, 7))

    assert not farewells.may_go(message(late, 7, b"rest"))
    assert farewells.may_go(message(late, 8))
    assert farewells.may_go(message(GLOBAL, 7)), "that is of no channel"


def test_a_number_that_the_server_gives_anew_is_another_channels() -> None:
    farewells = Farewells()
    farewells.may_go(message(CLOSE, 7))
    ours = 12

    farewells.opened(ours.to_bytes(4, "big") + (7).to_bytes(4, "big") + bytes(8))

    assert farewells.may_go(message(DATA, 7))
