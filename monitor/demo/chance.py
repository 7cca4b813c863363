"""Chance that is always the same: the demo draws from named streams, so a span asked again gives the same rows."""

import random
from zlib import crc32


def dice(*names: object) -> random.Random:
    """A source of random numbers that depends on `names` alone."""
    return random.Random("/".join(str(name) for name in names))  # noqa: S311 - a replay, nothing secret


def number_of(*names: object) -> int:
    """A number from 0 to 2**32 - 1 that depends on `names` alone; cheaper than `dice` for one draw."""
    return crc32("/".join(str(name) for name in names).encode())
