"""The log on the screen: it follows, stands still when somebody reads, shows less, finds, copies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from fabwiz.console.log_lines import Level
from fabwiz.console.log_model import LogFilter, LogModel
from fabwiz.deploy.events import Event, Kind
from screens.app import styles
from screens.widgets.log_view import LogPanel, LogView


class LogApp(App[None]):
    CSS = styles()

    def __init__(self, model: LogModel) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        yield LogPanel(self.model)


@dataclass
class Seen:
    """The log while a test looks at it."""

    app: LogApp
    pilot: Pilot[None]

    @property
    def view(self) -> LogView:
        return self.app.query_one(LogView)

    async def say(self, *texts: str, node: str = "kafka1", host: str = "a") -> None:
        for text in texts:
            self.app.model.add(Event("2026-01-31T12:00:00.000Z", Kind.LOG, host=host, node=node or None, message=text))
        self.app.query_one(LogPanel).flush()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def rows(self) -> list[str]:
        """The texts of the lines in sight."""
        strips = self.view.app.screen._compositor.render_strips()
        top = self.view.region.y
        return [strip.text[24:].rstrip(" ▁▂▃▄▅▆▇█") for strip in strips[top : top + self.view.region.height]]

    def bar(self) -> str:
        return str(self.app.query_one(".log-bar").render())


def see(script: Callable[[Seen], Awaitable[None]], size: tuple[int, int] = (80, 12), most_lines: int = 1000) -> None:
    async def run() -> None:
        app = LogApp(LogModel(most_lines))
        async with app.run_test(size=size) as pilot:
            app.query_one(LogView).focus()
            await pilot.pause()
            await script(Seen(app, pilot))

    asyncio.run(run())


def numbered(count: int, start: int = 0) -> list[str]:
    return [f"line {number}" for number in range(start, start + count)]


def test_it_follows_until_somebody_scrolls_up_and_again_with_end() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(50))
        assert log.rows()[-1] == "line 49"
        await log.press("up", "up")
        assert not log.view.follow
        seen = log.rows()
        assert seen[-1] == "line 47"
        await log.say(*numbered(50, 50))
        assert log.rows() == seen
        assert "End follows" in log.bar()
        await log.press("end")
        assert log.rows()[-1] == "line 99"
        await log.say("last")
        assert log.rows()[-1] == "last"

    see(script)


def test_the_wheel_stops_following_too_and_what_is_read_stays_while_old_lines_go() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(100))
        log.view._scroll_up_for_pointer()
        assert not log.view.follow
        seen = log.rows()
        await log.say(*numbered(50, 100))
        assert log.view.model.first == 50
        assert log.rows() == seen

    see(script, most_lines=100)


def test_pausing_stands_still_at_the_end_and_counts_what_comes() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(30))
        await log.press("p")
        await log.say(*numbered(5, 30))
        assert log.rows()[-1] == "line 29"
        assert "paused, 5 more" in log.bar()
        await log.press("p")
        assert log.rows()[-1] == "line 34"

    see(script)


def test_hosts_nodes_and_levels_are_chosen_by_keys() -> None:
    async def script(log: Seen) -> None:
        await log.say("INFO k", "ERROR k", node="kafka1", host="a")
        await log.say("INFO z", node="zk1", host="b")
        await log.say("engine", node="", host="b")

        await log.press("h", "b", "enter")
        assert log.view.model.filter == LogFilter(host="b")
        assert log.rows()[:2] == ["INFO z", "engine"]
        assert "only host b" in log.bar()
        await log.press("o", "z", "enter")
        assert log.rows()[:2] == ["INFO z", ""]
        await log.press("h", "home", "enter")
        await log.press("l", "l", "l")
        assert log.view.model.filter == LogFilter(level=Level.ERROR)
        assert log.rows()[:2] == ["ERROR k", ""]
        await log.press("l")
        assert log.view.model.filter.is_open
        assert len([row for row in log.rows() if row]) == 4

    see(script)


def test_searching_goes_round_and_errors_are_a_key_away() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(40), "ERROR broke", *numbered(40, 40))
        await log.press("slash", *"LINE", "space", "5", "enter")
        assert log.view.held
        assert "line 5" in log.view.model.line(log.view.held[1]).text
        first = log.view.held
        await log.press("n")
        assert log.view.held != first
        await log.press("N")
        assert log.view.held == first
        assert not log.view.follow
        await log.press("e")
        assert log.view.held == (40, 40)
        assert "ERROR broke" in log.rows()
        await log.press("slash", *"nowhere", "enter")
        assert log.view.held == (40, 40)
        await log.press("slash", "x", "escape")
        assert log.app.focused is log.view

    see(script)


def test_what_is_selected_is_copied_else_what_is_in_sight() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(50))
        await log.press("c")
        in_sight = log.app.clipboard.splitlines()
        assert in_sight[-1] == "12:00:00.000 kafka1 line 49"
        assert len(in_sight) == log.view.region.height

        await log.press("shift+up", "shift+up", "shift+up", "c")
        assert [line[-7:] for line in log.app.clipboard.splitlines()] == ["line 47", "line 48", "line 49"]
        await log.press("escape")
        assert log.view.held is None

        await log.pilot.mouse_down(LogView, offset=(30, 1))
        await log.pilot.hover(LogView, offset=(30, 3))
        await log.pilot.mouse_up(LogView, offset=(30, 3))
        await log.press("c")
        assert len(log.app.clipboard.splitlines()) == 3

    see(script)


def test_long_lines_are_wrapped_on_demand_or_looked_at_sideways() -> None:
    async def script(log: Seen) -> None:
        await log.say("begin " + "x" * 200 + " end")
        assert not [row for row in log.rows() if "end" in row]
        await log.press("w")
        assert "end" in "".join(log.rows())
        assert "wrapped" in log.bar()
        await log.press("w", *["right"] * 10)
        assert "end" in log.rows()[0]
        await log.press(*["left"] * 10)
        assert log.rows()[0].startswith("begin")

    see(script)


def test_names_and_texts_are_no_markup_and_steer_nothing() -> None:
    async def script(log: Seen) -> None:
        await log.say("[red]x[/] \x1b[2J[b", node="[bold]")
        assert log.rows()[0] == "[red]x[/] [b"
        await log.press("o")
        await log.press("escape")

    see(script)


def test_it_does_not_crash_where_there_is_no_room() -> None:
    async def script(log: Seen) -> None:
        await log.say(*numbered(50))
        await log.press("w", "up", "end", "e", "c", "p", "l")
        await log.pilot.resize_terminal(80, 24)
        await log.pilot.resize_terminal(5, 1)
        await log.say(*numbered(50))

    see(script, size=(20, 5))
