"""What the comparison page shows, and how its question is read: past sessions under another tariff."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import url_for

from dashboards import formats
from dashboards.parameters import BadParameter, Parameters
from dashboards.session_list import day_of, days_of
from dashboards.sources import Service
from monitor.authoring.compare import Prices
from monitor.authoring.comparing import Run, question_of
from monitor.errors import InputError
from monitor.sessions.comparison import Comparison
from monitor.state.repricing import Selection

SET = "*"
"""Stands for all tariffs in force with their assignments."""
FIRST_SHOWN = timedelta(days=30)
FIELDS = ("tariff", "from", "to", "site", "group")
COLUMNS = ("table", "key", "sessions", "old_incl", "new_incl", "change")
TABLES = ("winners", "losers", "hours", "sites")


@dataclass(frozen=True)
class Asked:
    """The question of an address; `tariff` None: nothing is compared yet."""

    tariff: str | None
    chosen: Selection


@dataclass(frozen=True)
class ComparePage:
    """A comparison, or how far it is. `refused` says why there is none."""

    asked: Asked
    tariffs: list[str]
    from_day: str
    to_day: str
    site_keys: list[str]
    run: Run | None
    found: Comparison | None
    refused: str
    shares: Mapping[str, Decimal | None]
    bars: Mapping[str, list[dict[str, Any]]]
    csv: str
    json: str


def read(parameters: Parameters, *, in_days: bool) -> Asked:
    """From the query string; `in_days`: `from` and `to` may be days of the home zone, `to` the last one."""
    start, end = (days_of(parameters) if in_days else None) or parameters.range()
    return Asked(parameters.text("tariff"), Selection(start, end, parameters.text("site"), parameters.text("group")))


def run_of(source: Service, asked: Asked) -> Run:
    """The comparison asked for, made or being made; raises BadParameter where its tariff is not known."""
    book = source.tariffs
    if asked.tariff is None:
        raise BadParameter("tariff", f"say which: the id of a tariff in force, or {SET} for all with their assignments")
    if asked.tariff != SET and asked.tariff not in book.tariffs:
        raise BadParameter("tariff", f"no tariff in force has the id {asked.tariff!r}")
    alone = None if asked.tariff == SET else book.tariffs[asked.tariff]
    # Without history: the prices of today, not those that held when the sessions began.
    prices = Prices(source.register, source.settings.sessions.bill_until, book.policy, alone, replace(book, history={}))
    return source.comparisons.ask(question_of(prices, asked.tariff, asked.chosen), prices)


def compare_page(source: Service, parameters: Parameters) -> ComparePage:
    """The page: a form, and below it the answer as soon as there is one."""
    asked = read(parameters, in_days=True)
    run = found = None
    refused = ""
    if asked.tariff is not None:
        run = run_of(source, asked)
        try:
            found = run.found
        except InputError as error:
            refused = str(error)
    start = asked.chosen.start if asked.tariff else source.now() - FIRST_SHOWN
    return ComparePage(
        asked=asked,
        tariffs=list(source.tariffs.tariffs),
        from_day=day_of(start),
        to_day=day_of(asked.chosen.end and asked.chosen.end - timedelta(seconds=1)),
        site_keys=sorted(source.register.file.sites)[:500],
        run=run,
        found=found,
        refused=refused,
        shares=_shares(found) if found else {},
        bars={name: _with_bars(getattr(found, name)) for name in TABLES} if found else {},
        csv=_address(asked, format="csv"),
        json=_address(asked),
    )


def _shares(found: Comparison) -> dict[str, Decimal | None]:
    """The change of revenue in percent, without and with tax."""
    sums = found.totals
    return {
        name: 100 * (sums[f"new_{name}"] - sums[f"old_{name}"]) / sums[f"old_{name}"] if sums[f"old_{name}"] else None
        for name in ("excl", "incl")
    }


def _with_bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with its change as a bar: `x` and `width` in percent, the middle is no change."""
    most = max((abs(row["change"]) for row in rows), default=Decimal(0))
    halves = [round(float(50 * abs(row["change"]) / most), 1) if most else 0.0 for row in rows]
    return [
        {**row, "x": 50 - half if row["change"] < 0 else 50, "width": half}
        for row, half in zip(rows, halves, strict=True)
    ]


def _address(asked: Asked, **more: str) -> str:
    chosen = asked.chosen
    given = {
        "tariff": asked.tariff, "from": _iso(chosen.start), "to": _iso(chosen.end), "site": chosen.site,
        "group": chosen.group, **more,
    }  # fmt: skip
    return url_for("api.compare", **{name: value for name, value in given.items() if value})  # type: ignore[arg-type]


def _iso(at: datetime | None) -> str | None:
    return formats.iso(at) if at else None


def rows_of(found: Comparison) -> Iterator[dict[str, object]]:
    """All tables as one: which table, whom or when, and its sums."""
    for table in TABLES:
        for row in getattr(found, table):
            key = row.get("user", row.get("hour", row.get("site")))
            yield {"table": table, "key": key, **{name: row[name] for name in COLUMNS[2:]}}


def as_json(found: Comparison) -> dict[str, Any]:
    """As `laddvakt tariffs compare --json` says it."""
    return asdict(found)
