"""Inputs that were right and are damaged: what a parser that was written for the right ones has never seen."""

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""Of each test; `make fuzz N=1000000` sets it."""
fuzzed = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
    derandomize="FUZZ_EXAMPLES" not in os.environ, database=None,
)  # fmt: skip
"""The same inputs in every run of the suite, others in each long run."""

_TOKENS = (
    "", " ", ",", "=", '"', "\\", "\n", "\r", "\x00", "\t", "#", "{", "}", "[", "]", "null", "true", "-", "- ", ": ",
    "&a ", "*a", "<<: ", "!!python/object:os.system ", "1e999", "-1e999", "NaN", "99999999999999999999", "0x1p3",
    "\u0661\u0662", "\ud7ff", "\U0001f50c", "\u00e9", "e\u0301", "%s", "{{", "}}", "{% raw %}", "' OR 1=1 --", "avg(",
    ")", "((((((((", "not ", "5m", "kW", "2026-02-30T25:61:00Z", "+99:99", "../../etc/passwd", "\u202e", "i", "u", "f",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[str]) -> str:
    """One of the seeds after up to eight cuts, copies and insertions."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(text)))
        end = min(at + draw(st.integers(0, 20)), len(text))
        what = draw(st.sampled_from(("cut", "copy", "put", "swap", "any")))
        if what == "cut":
            text = text[:at] + text[end:]
        elif what == "copy":
            text = text[:at] + text[at:end] * draw(st.integers(2, 5)) + text[end:]
        elif what == "put":
            text = text[:at] + draw(st.sampled_from(_TOKENS)) + text[end:]
        elif what == "swap":
            other = draw(st.sampled_from(seeds))
            start = draw(st.integers(0, len(other)))
            text = text[:at] + other[start : start + 20] + text[end:]
        else:
            text = text[:at] + draw(st.text(max_size=6)) + text[end:]
    return text
