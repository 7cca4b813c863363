"""Where the words of a body of line protocol begin and end, found for all lines at once.

Every byte is looked at once, with arrays. A body whose quotes and escapes do not lie as they nearly always do is not
analysed here at all: `tokenize` answers None, and the careful reader takes it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

NEWLINE, COMMA, SPACE, EQUALS, QUOTE, BACKSLASH = 1, 2, 3, 4, 5, 6
TAGS, FIELDS, TIME = 0, 1, 2
"""Sections of a line, divided by spaces."""

_CLASSES = bytes(b'\n, ="\\'.find(byte) + 1 for byte in range(256))
"""Each byte's kind, 0 for what is part of a word."""
_CARRIAGE_RETURN, _HASH, _QUOTE, _TAB = b'\r#"\t'
_SMALL_I, _SMALL_U = b"iu"

# A backslash before these may or may not escape them, depending on what is before it.
_UNCERTAIN = (rb"\\", b"\\\n", b"\\\r")

# Which delimiter may follow which; section, before and this are 2, 3 and 3 bits of the index. A line with any other is
# not plain.
_FOLLOWS = np.zeros(4 << 6, dtype=bool)
for _section, _before, _this in (
    (TAGS, NEWLINE, COMMA), (TAGS, COMMA, EQUALS), (TAGS, EQUALS, COMMA), (TAGS, EQUALS, SPACE),
    (FIELDS, SPACE, EQUALS), (FIELDS, EQUALS, COMMA), (FIELDS, COMMA, EQUALS), (FIELDS, EQUALS, SPACE),
    (FIELDS, EQUALS, NEWLINE), (TIME, SPACE, NEWLINE),
):  # fmt: skip
    _FOLLOWS[_section << 6 | _before << 3 | _this] = True


@dataclass(frozen=True)
class Tokens:
    """The words between delimiters. Arrays `kinds`, `before`, `sections`, `lines`, `starts`, `ends` go by word.

    A word ends at a delimiter of its kind, `before` is the kind of the one in front of it, and `lines` its line, from
    0. `is_text`: it stands in double quotes, which do not belong to it. `suffix`: it ends in `i` or `u` (that byte),
    else 0, and that does not belong to it either. `stretches` holds the whole text without copying it: each word, and
    behind it what lies between it and the next one. `plain` tells, by line, whether its delimiters make sense;
    `line_starts` and `line_ends` are its bytes.
    """

    text: Bytes
    kinds: Bytes
    before: Bytes
    sections: Bytes
    lines: Longs
    starts: Longs
    ends: Longs
    is_text: Flags
    suffix: Bytes
    stretches: pa.StringArray
    plain: Flags
    line_starts: Longs
    line_ends: Longs
    escapes: bool

    def words(self, places: Longs, absent: Flags | None = None) -> pa.StringArray:
        """The words at `places`; null where `absent`."""
        return self.stretches.take(pa.array(places * 2, mask=absent))

    @cached_property
    def line_numbers(self) -> Longs:
        """The number of each line in the body, from 1; line breaks inside text count."""
        breaks = np.flatnonzero(self.text == ord("\n"))
        if len(breaks) == len(self.line_starts):
            return np.arange(1, len(breaks) + 1)
        numbers: Longs = np.searchsorted(breaks, self.line_starts) + 1
        return numbers


def tokenize(body: bytes) -> Tokens | None:
    """The words of a body; None when it has to be read with care from its first line on."""
    escapes = b"\\" in body
    uncertain = escapes and (body.endswith(b"\\") or any(pair in body for pair in _UNCERTAIN))
    if not body or uncertain or not _is_utf8(body):
        return None
    ended = body if body.endswith(b"\n") else body + b"\n"
    text = np.frombuffer(ended, dtype=np.uint8)
    classes = np.frombuffer(ended.translate(_CLASSES), dtype=np.uint8)
    at: Longs = np.flatnonzero(classes != 0)
    kinds = classes[at]
    if escapes:
        at, kinds = _without_escaped(at, kinds)
    quotes: Longs = at[:0]
    if b'"' in body:
        outside = _outside_text(text, at, kinds)
        if outside is None:
            return None
        quotes = at[kinds == QUOTE]
        at, kinds = at[outside], kinds[outside]
    return _words(text, at, kinds, quotes, escapes=escapes)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_escaped(at: Longs, kinds: Bytes) -> tuple[Longs, Bytes]:
    """Without backslashes and without what they escape; there are no two in a row."""
    kept = kinds != BACKSLASH
    kept[1:] &= ~((kinds[:-1] == BACKSLASH) & (at[1:] == at[:-1] + 1))
    return at[kept], kinds[kept]


def _outside_text(text: Bytes, at: Longs, kinds: Bytes) -> Flags | None:
    """Which delimiters stand outside quotes; None unless every quote opens or closes the text of a field."""
    is_quote = kinds == QUOTE
    odd = (np.cumsum(is_quote, dtype=np.uint8) & 1).view(bool)  # the sum may run over: only its last bit counts
    outside: Flags = ~is_quote & ~odd
    if not is_quote.any():
        return outside
    if odd[-1]:
        return None
    opening, closing = np.flatnonzero(is_quote & odd), np.flatnonzero(is_quote & ~odd)
    behind_equals = (kinds[opening - 1] == EQUALS) & (at[opening - 1] == at[opening] - 1)
    if opening[0] == 0 or not behind_equals.all():
        return None
    # The body ends in a line break, so there is a delimiter behind the last quote.
    following = at[closing + 1] - at[closing]
    ends_line = (following == 2) & (text[at[closing] + 1] == _CARRIAGE_RETURN) & (kinds[closing + 1] == NEWLINE)
    ends_field = (following == 1) & (kinds[closing + 1] <= SPACE)  # a line break, a comma or a space
    if not (ends_field | ends_line).all():
        return None
    return outside


def _words(text: Bytes, at: Longs, kinds: Bytes, quotes: Longs, *, escapes: bool) -> Tokens | None:
    starts: Longs = np.concatenate(([0], at[:-1] + 1))
    before = np.concatenate((np.array([NEWLINE], dtype=np.uint8), kinds[:-1]))
    is_break, is_space = kinds == NEWLINE, kinds == SPACE
    breaks = np.flatnonzero(is_break)
    firsts: Longs = np.concatenate(([0], breaks[:-1] + 1))
    words_of_line = breaks + 1 - firsts
    lines: Longs = np.repeat(np.arange(len(breaks)), words_of_line)
    spaces = np.cumsum(is_space, dtype=np.int32) - is_space
    sections: Bytes = np.minimum(spaces - np.repeat(spaces[firsts], words_of_line), 3).astype(np.uint8)
    is_text = (before == EQUALS) & (text[starts] == _QUOTE) & (len(quotes) > 0)
    line_starts, line_ends = starts[firsts], at[is_break]
    if (is_text & (sections != FIELDS)).any() or _quoted_comment(text, line_starts, quotes):
        return None
    returned = is_break & (at > starts) & (text[at - 1] == _CARRIAGE_RETURN)
    ends = at - returned - is_text
    starts = starts + is_text
    lasts = text[ends - 1]
    suffixed = (before == EQUALS) & (sections == FIELDS) & ~is_text & (ends > starts)
    suffix = lasts * (suffixed & ((lasts == _SMALL_I) | (lasts == _SMALL_U)))
    ends = ends - (suffix != 0)
    fits = _FOLLOWS.take((sections << 6) | (before << 3) | kinds) & ((ends > starts) | is_text)
    fits |= (before == NEWLINE) & (kinds == NEWLINE) & (ends == starts)  # a blank line
    plain = np.ones(len(line_starts), dtype=bool)
    plain[lines[~fits]] = False
    stretches = _stretches(text, starts, ends)
    return Tokens(text, kinds, before, sections, lines, starts, ends, is_text, suffix, stretches, plain,
                  line_starts, line_ends, escapes)  # fmt: skip


def _quoted_comment(text: Bytes, line_starts: Longs, quotes: Longs) -> bool:
    """Whether a comment (or a line that may be one) holds a quote: then pairs are not what they seem."""
    if not len(quotes):
        return False
    owners = np.searchsorted(line_starts, quotes, side="right") - 1
    return bool(np.isin(text[line_starts[owners]], (_HASH, ord(" "), _TAB)).any())


def _stretches(text: Bytes, starts: Longs, ends: Longs) -> pa.StringArray:
    """Words and what lies between them as one Arrow array over the text itself."""
    offsets = np.empty(2 * len(ends) + 1, dtype=np.int32)
    offsets[:-1:2], offsets[1::2], offsets[-1] = starts, ends, len(text)
    return pa.Array.from_buffers(pa.string(), 2 * len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
