"""What is to be seen, is seen: text stands out from what is behind it, and without colours the focus is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.widgets import OptionList

from screens.steps.catalogue import STEPS
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]
LEAST = 1.9
"""Contrast of what is least: what would be said by default, in an empty field."""


def segments(driven: Driven) -> Iterator[Segment]:
    """What the screen shows."""
    for strip in driven.app.screen._compositor.render_strips():
        yield from (segment for segment in strip if segment.text.strip())


def light(color: Color) -> float:
    """Relative luminance, as the Web Content Accessibility Guidelines reckon it."""
    parts = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in color.normalized]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(segment: Segment) -> float:
    """Between a text and what is behind it: 1 where it cannot be seen, 21 for black on white."""
    style = segment.style
    assert style
    assert style.color
    assert style.bgcolor
    one, other = (light(Color.from_rich_color(color)) for color in (style.color, style.bgcolor))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_every_text_stands_out_from_what_is_behind_it(example: Example, theme: str) -> None:
    async def script(driven: Driven) -> None:
        driven.app.theme = theme
        for step in STEPS:
            await driven.wizard.go_to(step.KEY)
            await driven.settle()
            unseen = {one.text for one in segments(driven) if one.text[0].isalnum() and contrast(one) < LEAST}
            assert not unseen, step.KEY

    drive(example("thirteen-hosts"), script, (120, 40))


def test_without_colours_the_highlighted_line_of_a_list_is_underlined(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driven: Driven) -> None:
        await driven.press("f9", "down")
        assert isinstance(driven.app.focused, OptionList)
        await driven.until(lambda: [one.text for one in segments(driven) if _is_marked(one)] == ["Hosts"])

    drive(example("four-lan-hosts"), script)


def test_without_colours_the_cursor_of_a_field_is_reversed(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driven: Driven) -> None:
        await driven.press("home")
        await driven.until(lambda: any(one.style and one.style.reverse for one in segments(driven)))
        assert [one.text for one in segments(driven) if one.style and one.style.reverse] == ["l"]

    drive(example("four-lan-hosts"), script)


def test_a_box_that_is_not_ticked_is_empty(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await driven.wizard.go_to("roles")
        await driven.press("s")
        assert "X Leave" not in driven.text()
        assert "X▌ Leave nodes where they are" in driven.text()
        await driven.press("up", "up", "up", "space")
        await driven.until(lambda: "▐ ▌ Leave nodes where they are" in driven.text())

    drive(example("four-lan-hosts"), script)


def test_keys_of_findings_show_where_they_do_something(example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace(", kafka4: d", ""))

    async def script(driven: Driven) -> None:
        await driven.until(lambda: len(driven.wizard.draft.settled.findings) > 1)
        await driven.press("f2")
        await driven.until(lambda: "a Accept" in driven.text())
        await driven.press("end")
        await driven.until(lambda: "a Accept" not in driven.text())
        assert "f Fix this" in driven.text()

    drive(path, script)


def _is_marked(segment: Segment) -> bool:
    return segment.style is not None and bool(segment.style.underline) and segment.text.strip().isalpha()
