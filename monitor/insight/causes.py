"""What else bears on a full pool: EVSEs that were down, and cars that would have taken more power."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from monitor.ids import Place
from monitor.insight.congestion import PoolWeek
from monitor.insight.performance import Sums, over
from monitor.insight.pools import pools_of
from monitor.insight.uptime import Port, combined
from monitor.register import Register


def with_causes(
    weeks: Sequence[PoolWeek], register: Register, ports: Mapping[Place, Port], sums: Mapping[Place, Sums]
) -> Iterator[PoolWeek]:
    """The pools with the share of their known time that they were down, and of sessions that lacked power."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for place in {*ports, *sums}:
        seen.setdefault(place.site, []).append((place.station or "", place.connector or ""))
    pools = {site: pools_of(register, site, seen.get(site, ())) for site in {week.site for week in weeks}}
    for week in weeks:
        seats = pools[week.site].seats.items()
        yield _of(week, [Place(week.site, *key) for key, seat in seats if seat.pool == week.pool], ports, sums)


def _of(week: PoolWeek, places: Sequence[Place], ports: Mapping[Place, Port], sums: Mapping[Place, Sums]) -> PoolWeek:
    port = combined([ports[place] for place in places if place in ports])
    there = [sums[place] for place in places if place in sums]
    limited, diagnosed = (sum(each[name] for each in there) for name in ("limited", "diagnosed"))
    available = port.availability if port else None
    return replace(
        week, down_share=None if available is None else 1 - available, limited_share=over(limited, diagnosed)
    )
