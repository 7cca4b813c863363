"""What else bears on a full pool: EVSEs that were down, and cars that would have taken more power."""

from collections.abc import Mapping
from dataclasses import replace

from monitor.ids import Place
from monitor.insight.congestion import PoolWeek
from monitor.insight.performance import Sums, over
from monitor.insight.pools import pools_of
from monitor.insight.uptime import Port, combined
from monitor.register import Register


def with_causes(
    week: PoolWeek, register: Register, ports: Mapping[Place, Port], sums: Mapping[Place, Sums]
) -> PoolWeek:
    """The pool with the share of its known time that it was down, and of sessions that lacked power."""
    seen = [(place.station or "", place.connector or "") for place in {*ports, *sums} if place.site == week.site]
    places = [
        Place(week.site, *key) for key, seat in pools_of(register, week.site, seen).seats.items()
        if seat.pool == week.pool
    ]  # fmt: skip
    port = combined([ports[place] for place in places if place in ports])
    there = [sums[place] for place in places if place in sums]
    limited, diagnosed = (sum(each[name] for each in there) for name in ("limited", "diagnosed"))
    available = port.availability if port else None
    return replace(
        week, down_share=None if available is None else 1 - available, limited_share=over(limited, diagnosed)
    )
