"""Past sessions priced again under another tariff, or another set with its assignments."""

import json
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.errors import InputError
from monitor.register import Register
from monitor.sessions.billing import with_services
from monitor.sessions.comparison import COLUMNS, Comparison, compared
from monitor.sessions.summary import BillUntil
from monitor.state.database import Database
from monitor.state.repricing import PastSessions, Selection, past_sessions, span
from monitor.tariffs.files import TariffBook
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import Policy
from monitor.tariffs.selection import plan_of
from monitor.tariffs.vector.columns import Columns
from monitor.tariffs.vector.engine import UNKNOWN, Totals, totals
from monitor.tariffs.vector.ladders import divided
from monitor.units import from_us

SHARDS = 32
"""Time ranges that processes take turns at: enough that none waits long for the last."""

SMALLEST = 500
"""Sessions in one, about: fewer cost more to ask for than to price."""
NICE = 10
"""How far processes step back for who else wants the processor."""

SHOWN_DIGITS = 4
NO_SERVICES = {"[]", "null", None}


@dataclass(frozen=True)
class Prices:
    """One tariff for everybody, or a book with assignments; and how sessions are billed."""

    register: Register
    bill_until: BillUntil
    policy: Policy
    tariff: Tariff | None = None
    book: TariffBook | None = None

    def tariffs(self) -> list[Tariff]:
        """All that may price a session."""
        return [self.tariff] if self.tariff else list(self.book.tariffs.values()) if self.book else []

    def tariff_of(self, batch: PastSessions, index: int) -> Tariff | None:
        """The tariff of one session; None: nobody assigned one."""
        if self.tariff or self.book is None:
            return self.tariff
        place, at = batch.places[index], from_us(batch.plug_in_us[index])
        outlet, zone = self.register.connectors.get(place), self.register.zone(place.site)
        found = self.book.tariff_for(place, outlet.current if outlet else None, batch.groups[index], at, zone)
        return found.tariff if found else None


def compare(
    state_url: str,
    prices: Prices,
    chosen: Selection,
    *,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare the priced sessions of `chosen`; raises InputError where there is nothing to compare.

    `processes` 1: in this thread; more: in others, which leave the processor to whoever else wants it.
    """
    found = counted(state_url, chosen)
    if found is None:
        raise InputError("no session of this time has a price; choose another time, or price sessions first")
    first, last, count = found
    edges = np.linspace(first, last + 1, min(SHARDS, 1 + count // SMALLEST) + 1).astype(np.int64).tolist()
    edges[-1] = last + 1
    shards = [_Shard(state_url, prices, chosen, low, high) for low, high in pairwise(edges) if low < high]
    frames = []
    with closing(_frames(shards, processes)) as parts:
        for done, frame in enumerate(parts, 1):
            frames.append(frame)
            if progress:
                progress(done, len(shards))
    # A time without sessions has no types, which would spread to the others.
    frame = pd.concat([each for each in frames if len(each)] or frames[:1], ignore_index=True)
    currency = _currency(frame, prices)
    return compared(frame, currency, count - len(frame))


def counted(state_url: str, chosen: Selection) -> tuple[int, int, int] | None:
    """First and last plug-in (epoch us) and number of the sessions that can be compared; None: there are none."""
    database = Database(state_url)
    try:
        return span(database, chosen)
    finally:
        database.close()


@dataclass(frozen=True)
class _Shard:
    """What one process takes at a time."""

    state_url: str
    prices: Prices
    chosen: Selection
    from_us: int
    to_us: int


def _frames(shards: Sequence[_Shard], processes: int) -> Generator[pd.DataFrame]:
    if processes == 1:
        yield from map(_repriced_shard, shards)
        return
    # Not forked: the process may have threads of DuckDB and Arrow.
    with ProcessPoolExecutor(processes, get_context("spawn"), os.nice, (NICE,)) as pool:
        tasks = [pool.submit(_repriced_shard, shard) for shard in shards]
        try:
            yield from (task.result() for task in as_completed(tasks))
        finally:
            for task in tasks:
                task.cancel()


def _repriced_shard(shard: _Shard) -> pd.DataFrame:
    prices = shard.prices
    with_flow = any(plan_of(tariff, "session").asks_for_flow for tariff in prices.tariffs())
    database = Database(shard.state_url)
    try:
        batches = past_sessions(
            database, shard.chosen, shard.from_us, shard.to_us, prices.bill_until, with_flow=with_flow
        )
        frames = [_repriced(batch, prices) for batch in batches]
    finally:
        database.close()
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*COLUMNS, "currency"])


def _repriced(batch: PastSessions, prices: Prices) -> pd.DataFrame:
    """Those that have both prices."""
    count = len(batch.ids)
    new_excl, new_incl = np.full(count, UNKNOWN), np.full(count, UNKNOWN)
    chosen = [prices.tariff_of(batch, index) for index in range(count)]
    sites = [place.site for place in batch.places]
    groups: dict[tuple[str, str, Tariff], list[int]] = {}
    for index, (tariff, site) in enumerate(zip(chosen, sites, strict=True)):
        if tariff is not None:
            groups.setdefault((prices.register.zone(site).key, tariff.version, tariff), []).append(index)
    for (zone_key, _, tariff), members in groups.items():
        which = np.zeros(count, bool)
        which[members] = True
        zone = prices.register.zone(sites[members[0]])
        assert zone.key == zone_key
        columns = batch.columns.chosen(which)
        found = totals(columns, tariff, zone, prices.policy)
        sold = [batch.services[index] for index in members]
        _add_services(found, columns, sold, tariff=tariff, zone=zone, policy=prices.policy)
        new_excl[which] = _shown(found.excl_vat, found.digits, prices.policy)
        new_incl[which] = _shown(found.incl_vat, found.digits, prices.policy)
    frame = pd.DataFrame(
        {
            "site": sites,
            "user": list(batch.users),
            "hour": _hours(batch, prices.register),
            "old_excl": _shown(_micro(batch.excl_vat_micro), 6, prices.policy),
            "new_excl": new_excl,
            "old_incl": _shown(_micro(batch.incl_vat_micro), 6, prices.policy),
            "new_incl": new_incl,
            "currency": list(batch.currencies),
        }
    )
    known = (frame[["old_excl", "new_excl", "old_incl", "new_incl"]] != UNKNOWN).all(axis=1)
    return frame[known]


def _add_services(
    found: Totals, columns: Columns, services: Sequence[str], *, tariff: Tariff, zone: ZoneInfo, policy: Policy
) -> None:
    """What was sold beside a session, and the reservation before it: few have any, so the reference prices them."""
    for index, text in enumerate(services):
        if text in NO_SERVICES:
            continue
        total = price(with_services(columns.usage(index), json.loads(text)), tariff, zone, policy).total
        for amounts, amount in ((found.excl_vat, total.excl_vat), (found.incl_vat, total.incl_vat)):
            amounts[index] = UNKNOWN if amount is None else int(amount.scaleb(found.digits))


def _micro(amounts: Sequence[int | None]) -> npt.NDArray[np.int64]:
    return np.array([UNKNOWN if amount is None else amount for amount in amounts], np.int64)


def _shown(amounts: npt.NDArray[np.int64], digits: int, policy: Policy) -> npt.NDArray[np.int64]:
    """As bills leave the service: four decimals, halves as the policy says."""
    if digits < SHOWN_DIGITS:
        return np.where(amounts == UNKNOWN, UNKNOWN, amounts * 10 ** (SHOWN_DIGITS - digits))
    known = amounts != UNKNOWN
    shown = np.full(len(amounts), UNKNOWN)
    factor = 10 ** (digits - SHOWN_DIGITS)
    shown[known] = divided(amounts[known].astype(object), factor, half_up=policy.mode == "half-up").astype(np.int64)
    return shown


def _hours(batch: PastSessions, register: Register) -> list[int]:
    zones = {place.site: register.zone(place.site) for place in batch.places}
    return [
        from_us(at).astimezone(zones[place.site]).hour for at, place in zip(batch.plug_in_us, batch.places, strict=True)
    ]


def _currency(frame: pd.DataFrame, prices: Prices) -> str:
    found = sorted({*frame["currency"], *(tariff.currency for tariff in prices.tariffs())})
    if len(found) != 1:
        raise InputError(f"prices in {' and '.join(found)} cannot be compared; choose a time and sites of one currency")
    return str(found[0])
