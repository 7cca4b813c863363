"""What meter values say of a visit. Procedures change the visit."""

from monitor.sessions import crosscheck
from monitor.sessions.crosscheck import power_read
from monitor.sessions.laying import lay, settle, summed
from monitor.sessions.outlet import Outlet
from monitor.sessions.presence import marks, seen
from monitor.sessions.registers import read
from monitor.sessions.rows import MeterRow
from monitor.sessions.visit import Evidence, Visit


def meter_read(visit: Visit, row: MeterRow, status: str | None, outlet: Outlet) -> None:
    """Take in meter values that belong to the visit."""
    lay(visit, row.time_us, status, outlet, row)
    seen(visit, row)
    visit.flags |= marks(row)
    if visit.stopped_us is not None:
        return
    if row.power_w is not None:
        visit.check = power_read(visit.check, row.time_us, row.power_w)
        visit.power_w = row.power_w
        visit.peak_w = row.power_w if visit.peak_w is None else max(visit.peak_w, row.power_w)
    if row.energy_mwh is not None:
        register_read(visit, row.energy_mwh, row.time_us, outlet)
    if row.offered_w is not None:
        visit.offered_w = row.offered_w
    if row.offered_a is not None:
        visit.offered_a = row.offered_a
    if row.soc is not None:
        visit.soc = row.soc
        visit.soc_in = row.soc if visit.soc_in is None else visit.soc_in
    visit.phases = row.phases or visit.phases
    visit.samples += 1
    if row.temperature_c is not None or row.current_a is not None:
        visit.evidence = _noted(visit.evidence, row)


def register_read(visit: Visit, value_mwh: int, at_us: int, outlet: Outlet, *, event: bool = False) -> None:
    """Take in a register reading: what was laid since the last one gets the energy in between."""
    visit.registers, rise, flags = read(visit.registers, value_mwh, at_us, outlet.rated_w, event=event)
    visit.flags |= flags
    visit.check = crosscheck.register_read(visit.check, rise, visit.integrated_mwh)
    visit.unlaid_mwh += rise
    if visit.slices:
        settle(visit, visit.unlaid_mwh)
        visit.unlaid_mwh = 0


def _noted(known: Evidence, row: MeterRow) -> Evidence:
    first = known.temperature_c if known.temperature_c is not None else row.temperature_c
    return known._replace(temperature_c=first, current_summed=known.current_summed or summed(row))
