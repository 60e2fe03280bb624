"""What fuzz tests share: how many inputs, and texts that look like real answers and are not.

`FABWIZ_FUZZ=20000 python -m pytest -k fuzz` tries as many inputs in each test; 200 without it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FUZZ = settings(
    max_examples=int(os.environ.get("FABWIZ_FUZZ", "200")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)

NASTY = (
    "", " ", "\t", "\0", "\x1b[31m", "\r", "\u2028", "²", "٣", "-1", "+1", "1_0", "0x10", "NaN", "Infinity", "1e999",
    "9" * 30, "9" * 5000, "f" * 5000, "[" * 5000, '{"a":' * 3000, "null", "[]", "{}", '""', "=", ":", ",", "->", "/",
    "../..", "%s", "{{", "$(id)", "`id`", "\ud800", "\U0010ffff", "99999-99999", ":1-99999->", "9999-99-99T99:99:99Z",
)  # fmt: skip


def mutated(samples: Sequence[str]) -> st.SearchStrategy[str]:
    """Real answers with nasty things put in, taken out and repeated; sometimes anything at all."""
    change = st.tuples(
        st.integers(0, 4000), st.integers(0, 40), st.sampled_from(NASTY) | st.text(max_size=5), st.integers(1, 3)
    )

    def apply(sample: str, changes: list[tuple[int, int, str, int]]) -> str:
        for place, length, new, times in changes:
            place %= len(sample) + 1
            sample = sample[:place] + new * times + sample[place + length :]
        return sample

    return st.builds(apply, st.sampled_from(samples), st.lists(change, max_size=5)) | st.text(max_size=200)
