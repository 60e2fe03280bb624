"""Long sentences at a terminal and in a pipe."""

from __future__ import annotations

import io

from rich.console import Console

from fabwiz.console.paragraph import print_paragraph

SENTENCE = "orderers and brokers talk without TLS; set ordering.kafka.tls to true unless their network is trusted"


def printed(terminal: bool) -> list[str]:
    out = io.StringIO()
    print_paragraph(Console(file=out, width=40, force_terminal=terminal, highlight=False, no_color=True), SENTENCE, 2)
    return out.getvalue().splitlines()


def test_a_terminal_gets_whole_words_under_each_other() -> None:
    lines = printed(terminal=True)

    assert all(len(line) <= 40 and line.startswith("  ") for line in lines)
    assert " ".join(" ".join(lines).split()) == SENTENCE


def test_a_pipe_gets_one_line_to_search_in() -> None:
    assert printed(terminal=False) == [f"  {SENTENCE}"]
