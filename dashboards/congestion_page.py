"""The page about full pools: in most need first, with a map of the week for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for

from dashboards import context, formats
from dashboards.heat import Heat, heat, when
from dashboards.insight_page import Filters, read_filters
from dashboards.parameters import Parameters
from dashboards.sources import Service
from monitor.insight.congestion import Congestion
from monitor.insight.figures import BY_NAME, Figure, of_kind

POOL_COLUMNS = ("site", "pool", *(figure.name for figure in of_kind("congestion")))
PAGE, MAPS = 100, 6
TARGETS = {"1m": 1, "5m": 5, "10m": 10, "20m": 20}
FIRST_TARGET = "5m"
SHOWN = (
    "evses", "pool_full_share", "lost_sessions", "bottleneck", "peak_hour", "peak_load", "wait_s", "evses_needed",
    "after_full", "arrivals", "stay_s", "pool_idle_share",
)  # fmt: skip


@dataclass(frozen=True)
class PoolRow:
    """One pool; its map stands on the page only for the first few."""

    found: Congestion
    cells: dict[str, str]
    full: Heat | None
    load: Heat | None


@dataclass(frozen=True)
class CongestionPage:
    """The ranking and its maps."""

    filters: Filters
    target: str
    targets: Sequence[str]
    rows: Sequence[PoolRow]
    total: int
    columns: Sequence[Figure]
    figures: Sequence[Figure]
    older: str | None
    first: bool
    csv: str
    json: str


def congestion_page(source: Service, parameters: Parameters) -> CongestionPage:
    """One page of pools, what loses most sessions first."""
    filters = read_filters(source, parameters)
    target = parameters.choice("target", tuple(TARGETS)) or FIRST_TARGET
    after = parameters.number("after") or 0
    wait = timedelta(minutes=TARGETS[target])
    found = source.insight.congestion(source.register, filters.chosen, source.now(), wait)
    asked = {**filters.asked, "target_wait_s": wait.total_seconds()}
    return CongestionPage(
        filters=filters,
        target=target,
        targets=tuple(TARGETS),
        rows=[pool_row(each, drawn=n < MAPS) for n, each in enumerate(found[after : after + PAGE])],
        total=len(found),
        columns=[BY_NAME[name] for name in SHOWN],
        figures=of_kind("congestion"),
        older=context.page_url(after=after + PAGE) if len(found) > after + PAGE else None,
        first=after == 0,
        csv=url_for("api.congestion", format="csv", **asked),  # type: ignore[arg-type]
        json=url_for("api.congestion", **asked),  # type: ignore[arg-type]
    )


def pool_row(found: Congestion, *, drawn: bool) -> PoolRow:
    """One pool; `drawn`: with its maps."""
    busy = drawn and found.arrivals > 0
    return PoolRow(
        found,
        {"peak_hour": formats.DASH if found.peak_hour is None else when(found.peak_hour)},
        heat(found.full_by_hour, _share) if busy and found.pool_full_share else None,
        heat(found.load_by_hour, _load) if busy else None,
    )


def _share(value: float | None) -> str:
    return formats.percent(None if value is None else 100 * value, 1)


def _load(value: float | None) -> str:
    return formats.number(value, 2)
