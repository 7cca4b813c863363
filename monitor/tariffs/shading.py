"""The stretches of a session in which one energy price and one time price held, for shading its curve."""

from collections.abc import Sequence
from functools import lru_cache

from monitor.tariffs.model import PricePeriod, UsageKind
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.selection import Choice, Picked
from monitor.tariffs.splitting import Segment
from monitor.tariffs.taxes import shown_price
from monitor.tariffs.words import money, per_minute
from monitor.units import from_us


def price_periods(pieces: Sequence[Segment], tariff: Tariff) -> tuple[PricePeriod, ...]:
    """Neighbouring segments under the same prices become one; time that costs nothing is one too."""
    runs: list[tuple[int, int, tuple[Picked | None, Picked | None]]] = []
    for piece in pieces:
        prices = (piece.choice.energy, _time_price(piece.choice, piece.kind))
        if runs and runs[-1][2] == prices:
            runs[-1] = (runs[-1][0], piece.end_us, prices)
        else:
            runs.append((piece.start_us, piece.end_us, prices))
    return tuple(
        PricePeriod(from_us(start), from_us(end), _element(prices), _label(prices, tariff))
        for start, end, prices in runs
        if end > start
    )


def _time_price(choice: Choice, kind: UsageKind) -> Picked | None:
    if kind == "neither":
        return None
    return choice.parking if kind == "parking" else choice.time


def _element(prices: tuple[Picked | None, Picked | None]) -> int | None:
    return next((price.element for price in prices if price), None)


@lru_cache(maxsize=4096)
def _label(prices: tuple[Picked | None, Picked | None], tariff: Tariff) -> str:
    parts, currency = [], tariff.currency
    energy, time = prices
    if energy:
        parts.append(f"{money(shown_price(tariff, energy.component))} {currency}/kWh")
    if time:
        amount, unit = per_minute(shown_price(tariff, time.component))
        parts.append(f"{money(amount)} {currency}/{unit}")
    return " + ".join(parts) or f"0 {currency}"
