"""A month of a site: what its report is made of, on the page and in the mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.insight.behaviour import Behaviour
from monitor.insight.congestion import Congestion
from monitor.insight.performance import Row
from monitor.register import Register
from monitor.state.anomalies import Anomaly
from monitor.state.insight import Chosen, InsightStore
from monitor.state.insight_sums import Day

TARGET: Final = timedelta(minutes=5)
"""The mean wait that the EVSEs which a pool needs would bring."""

KEY: Final = (
    "sessions", "energy_wh", "revenue_excl_vat", "success_rate", "uptime", "known_share", "full_share", "utilisation",
    "idle_share", "average_power_w", "first_kwh_s", "faults",
)  # fmt: skip
PER_CONNECTOR: Final = ("sessions", "energy_wh", "success_rate", "uptime", "utilisation", "idle_share", "faults")


@dataclass(frozen=True)
class SiteMonth:
    """`now`: figures of the month, None where nothing is known of it; `before`: of the month before it."""

    site: str
    month: date
    start: datetime
    end: datetime
    now: Row | None
    before: Row | None = None
    connectors: Sequence[Row] = ()
    pools: Sequence[Congestion] = ()
    behaviour: Behaviour | None = None
    days: Sequence[Day] = ()
    changed: Sequence[Anomaly] = ()


def site_month(insight: InsightStore, register: Register, site: str, month: date, now: datetime) -> SiteMonth:
    """`month`: its first day, by the site's clock. Raises StateUnavailable when the database is away."""
    zone = register.zone(site)
    start, end = begin_of(month, zone), begin_of(shifted(month, 1), zone)
    chosen = Chosen(start, end, site)
    found = insight.performance(register, "site", chosen, now).rows if start < now else ()
    if not found:
        return SiteMonth(site, month, start, end, None)
    before = insight.performance(register, "site", Chosen(begin_of(shifted(month, -1), zone), start, site), now).rows
    return SiteMonth(
        site, month, start, end, found[0], before[0] if before else None,
        connectors=insight.performance(register, "connector", chosen, now).rows,
        pools=insight.congestion(register, chosen, now, TARGET),
        behaviour=insight.behaviour(register, chosen, now),
        days=insight.days(register, chosen, now),
        changed=[each for each in insight.anomalies(site) if start <= each.since < end],
    )  # fmt: skip


def shifted(month: date, by: int) -> date:
    """The first day of the month so many months later."""
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def begin_of(month: date, zone: ZoneInfo) -> datetime:
    """Midnight of its first day."""
    return datetime.combine(month, time(0), zone)
