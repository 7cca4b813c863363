"""A usage as the charging periods of a CDR: one begins wherever another price does, as OCPI asks of who sends it."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from monitor.tariffs.model import Usage, UsageKind
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import parts_of
from monitor.tariffs.rounding import EXACT, stored
from monitor.tariffs.selection import KILO, Choice, Plan, plan_of
from monitor.tariffs.splitting import HOUR_US, Segment, current_of, power_of, segments
from monitor.units import from_us, to_us

_TIMES: dict[UsageKind, str] = {
    "charging": "TIME",
    "parking": "PARKING_TIME",
    "reservation": "RESERVATION_TIME",
}


class _Alike(NamedTuple):
    """What has to be the same in one period. Power and current only where the tariff asks for them."""

    kind: UsageKind
    choice: Choice
    power_w: Decimal | None
    current_a: Decimal | None


def charging_periods(usage: Usage, tariff: Tariff, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Periods whose volumes, priced again, give the same bill: neighbours under one price are one period.

    Volumes keep up to twelve decimals: four, as OCPI's numbers usually have, would change the price of long sessions.
    """
    with localcontext(EXACT):
        found: list[dict[str, Any]] = []
        for part in reversed(parts_of(usage)):  # the reservation comes first in time
            plan = plan_of(tariff, part.name)
            if not part.periods:
                found.append(_period(to_us(part.start), [("ENERGY", Decimal(0))], tariff))
                continue
            walked = segments(part.periods, part.start, plan, zone)
            for alike, pieces in groupby(walked, key=lambda piece: _alike(piece, usage, plan)):
                run = list(pieces)
                found.append(_period(run[0].start_us, list(_volumes(alike, run)), tariff))
        return found


def _alike(piece: Segment, usage: Usage, plan: Plan) -> _Alike:
    if not plan.asks_for_flow:
        return _Alike(piece.kind, piece.choice, None, None)
    period = next(each for each in reversed(usage.periods) if to_us(each.start) <= piece.start_us)
    return _Alike(piece.kind, piece.choice, power_of(period), current_of(period))


def _volumes(alike: _Alike, run: list[Segment]) -> Iterator[tuple[str, Decimal]]:
    energy = sum((piece.energy_wh for piece in run), Decimal(0))
    name = _TIMES.get(alike.kind)
    if energy or name is None:
        yield "ENERGY", stored(energy / KILO)
    if name is not None:
        yield name, stored(Decimal(sum(piece.time_us for piece in run)) / HOUR_US)
    # A CDR has no volume for the average: both ends of it say the same.
    if alike.power_w is not None:
        yield "MIN_POWER", stored(alike.power_w / KILO)
        yield "MAX_POWER", stored(alike.power_w / KILO)
    if alike.current_a is not None:
        yield "MIN_CURRENT", stored(alike.current_a)
        yield "MAX_CURRENT", stored(alike.current_a)


def _period(start_us: int, volumes: list[tuple[str, Decimal]], tariff: Tariff) -> dict[str, Any]:
    return {
        "start_date_time": from_us(start_us).isoformat().replace("+00:00", "Z"),
        "dimensions": [{"type": name, "volume": volume} for name, volume in volumes],
        "tariff_id": tariff.id,
    }
