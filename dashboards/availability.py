"""A connector's last 90 days as a bar a day: usable, out of order, not known. What nobody saw is never green."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dashboards import formats
from dashboards.language import gettext
from dashboards.sources import Service
from monitor.ids import Place
from monitor.insight.uptime import Port

DAYS = 90


@dataclass(frozen=True)
class DayBar:
    """Heights from below, which add up to 100: usable, then not known, then out of order."""

    x: float
    width: float
    usable: float
    unknown: float
    down: float
    title: str


@dataclass(frozen=True)
class Availability:
    """`told`: the whole time in words."""

    bars: Sequence[DayBar]
    told: str


def availability(source: Service, place: Place, zone: ZoneInfo, now: datetime) -> Availability | None:
    """None where no status was ever heard."""
    days = source.insight.by_day(place, zone, now, DAYS)
    known = [port for _, port in days if port is not None]
    if not known:
        return None
    sums = (sum(port.usable_s for port in known), sum(port.down_s for port in known))
    told = _told(*_shares(*sums, sum(port.total_s for port in known)))
    return Availability([_bar(number, day, port) for number, (day, port) in enumerate(days)], told)


def _bar(number: int, day: date, port: Port | None) -> DayBar:
    width = 100 / DAYS
    usable, unknown, down = _shares(port.usable_s, port.down_s, port.total_s) if port else (0.0, 100.0, 0.0)
    title = f"{day.isoformat()}: {_told(usable, unknown, down)}"
    return DayBar(round(number * width, 3), round(width * 0.82, 3), usable, unknown, down, title)


def _shares(usable_s: float, down_s: float, total_s: float) -> tuple[float, float, float]:
    usable, down = (round(100 * part / total_s, 2) for part in (usable_s, down_s))
    return usable, round(100 - usable - down, 2), down


def _told(usable: float, unknown: float, down: float) -> str:
    shares = {"usable": usable, "down": down, "unknown": unknown}
    return gettext(
        "usable %(usable)s, out of order %(down)s, not known %(unknown)s",
        **{name: formats.percent(share, 1) for name, share in shares.items()},
    )
