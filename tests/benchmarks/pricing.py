"""How many sessions of 60 periods a second one core prices. Run: `python tests/benchmarks/pricing.py [sessions]`.

Target: 2,000 (design.md, section 11). For comparison, the Rust crate ocpi-tariffs 0.48 priced 3,100 such CDRs a second
and core on the same kind of machine, parsing included, without splitting periods.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

from monitor import documents
from monitor.tariffs.files import load
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price

RULES = Path(__file__).parents[2] / "rules"
PERIODS = 60
STOCKHOLM = ZoneInfo("Europe/Stockholm")

NARROW = """
id: narrow
currency: SEK
elements:
  - restrictions: {start_time: "07:00", end_time: "09:00", day_of_week: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]}
    price_components: [{type: ENERGY, price: 5, vat: 25, step_size: 100}]
  - restrictions: {max_kwh: 10}
    price_components: [{type: ENERGY, price: 3, vat: 25, step_size: 100}]
  - restrictions: {min_power: 50}
    price_components: [{type: ENERGY, price: 6, vat: 25, step_size: 100}]
  - price_components: [{type: ENERGY, price: 4, vat: 25, step_size: 100}, {type: FLAT, price: 5, vat: 25}]
  - restrictions: {min_duration: 3600, start_time: "08:00", end_time: "20:00"}
    price_components: [{type: TIME, price: 6, vat: 25, step_size: 60}, {type: PARKING_TIME, price: 12, vat: 25}]
"""


def session(chance: random.Random) -> Usage:
    """One session of 60 periods of a minute or two some time in 2026, the last quarter of them parked."""
    start = at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(365 * 86_400))
    periods = []
    for index in range(PERIODS):
        end = at + timedelta(seconds=chance.randrange(60, 120))
        parked = index >= PERIODS * 3 // 4
        energy = Decimal(0) if parked else Decimal(chance.randrange(200_000, 2_000_000)) / 1000
        periods.append(UsagePeriod(at, end, "parking" if parked else "charging", energy))
        at = end
    return Usage(start, at, tuple(periods))


def main() -> None:
    """Print sessions a second (processor time, so that other processes do not matter) for each tariff."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    chance = random.Random(7)
    usages = [session(chance) for _ in range(count)]
    tariffs = [*load(RULES).tariffs.values(), documents.validate(documents.parse(NARROW, "narrow"), Tariff)]
    for tariff in tariffs:
        for usage in usages[:100]:
            price(usage, tariff, STOCKHOLM)
        began = process_time()
        lines = sum(len(price(usage, tariff, STOCKHOLM).lines) for usage in usages)
        rate = count / (process_time() - began)
        print(
            f"{tariff.id:10} {rate:7.0f} sessions/s of {PERIODS} periods ({lines / count:.1f} lines each); target 2000"
        )


if __name__ == "__main__":
    main()
