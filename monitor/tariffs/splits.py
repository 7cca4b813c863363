"""Where a usage's periods had to be split for the price, which who sent a CDR should have done."""

from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitor.tariffs.model import Dimension, Usage
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import parts_of
from monitor.tariffs.selection import Picked, plan_of
from monitor.tariffs.splitting import Segment, segments
from monitor.units import from_us, to_us


def splits(usage: Usage, tariff: Tariff, zone: ZoneInfo) -> Iterator[str]:
    """One sentence for each moment inside a period at which another price begins to hold for what it used."""
    borders = {to_us(period.start) for period in usage.periods}
    for part in parts_of(usage):
        if not part.periods:
            continue
        pieces = segments(part.periods, part.start, plan_of(tariff, part.name), zone)
        for before, after in pairwise(pieces):
            changed = [
                name
                for name, picked, following in _prices(before, after)
                if (picked and picked.element) != (following and following.element)
            ]
            if changed and after.start_us not in borders:
                at = from_us(after.start_us).isoformat().replace("+00:00", "Z")
                yield (
                    f"the price of {' and '.join(changed)} changes at {at}, inside a charging period: it was split "
                    "there, with constant power"
                )


def _prices(before: Segment, after: Segment) -> Iterator[tuple[Dimension, Picked | None, Picked | None]]:
    if before.energy_wh or after.energy_wh:
        yield "ENERGY", before.choice.energy, after.choice.energy
    if before.kind == "parking":
        yield "PARKING_TIME", before.choice.parking, after.choice.parking
    elif before.kind != "neither" and (before.time_us or after.time_us):
        yield "TIME", before.choice.time, after.choice.time
