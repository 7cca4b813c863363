"""Which time is charging, which is parking, and which is neither (design.md, section 7)."""

from typing import TYPE_CHECKING, Literal, NamedTuple

from monitor.tariffs.model import UsageKind

if TYPE_CHECKING:
    from monitor.sessions.outlet import Outlet

PLUGGED = frozenset({"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"})
"""Statuses in which a car is connected."""

OCCUPIED = PLUGGED - {"Preparing"}
"""Statuses that say that the car of a session is still there; Preparing may be the next one."""

FREE = frozenset({"Available", "Preparing", "Reserved"})
"""Statuses that a connector has only when the car of the last session is gone (Preparing: the next one is there)."""

_HELD_UP = frozenset({"SuspendedEVSE", "Faulted", "Unavailable"})

LEAST_A = 6.0
"""Below 6 A a phase no car can charge (IEC 61851), so a car that does not ask then is not to blame."""


class TimeRules(NamedTuple):
    """What an operator may decide otherwise: statuses whose time is neither charging nor parking, instead of parking;
    and the offer per phase on AC below which a car that asks for nothing does not park.
    """

    neither: frozenset[str] = _HELD_UP
    least_a: float = LEAST_A


AS_DESIGNED = TimeRules()
"""As OCPI means it: see Interpretation in docs/pricing.md."""

STOPPED, NO_STATUS, UNDER_LEAST = "stopped", "no status", "SuspendedEV, under 6 A offered"
REASONS = (*sorted(PLUGGED), "Faulted", "Unavailable", STOPPED, NO_STATUS, UNDER_LEAST)
"""All reasons that a class of time can have."""

TimeClass = UsageKind | Literal["by_energy"]
"""`by_energy`: no status says; charging where energy flowed, else neither."""


def classify(
    status: str | None,
    *,
    stopped: bool,
    offered_a: float | None,
    offered_w: float | None,
    phases: int | None,
    outlet: "Outlet",
) -> tuple[TimeClass, str]:
    """The class of time in which `status` holds, and the reason in the form of a status (or what stands for one).

    `stopped`: the transaction is over but the car still there.
    """
    rules = outlet.time_rules
    if status in _HELD_UP:
        return "neither" if status in rules.neither else "parking", status
    if stopped:
        return "parking", status if status in PLUGGED and status != "Charging" else STOPPED
    if status == "SuspendedEV" and _below_least(offered_a, offered_w, phases or outlet.phases, outlet):
        return "neither", UNDER_LEAST
    if status in {"SuspendedEV", "Finishing"}:
        return "parking", status
    if status == "Charging":
        return "charging", status
    return "by_energy", status if status in PLUGGED else NO_STATUS


def _below_least(offered_a: float | None, offered_w: float | None, phases: int | None, outlet: "Outlet") -> bool:
    # An unregistered outlet gets the benefit of the doubt: nobody pays for parking because of a missing entry.
    if outlet.current == "DC":
        return False
    if offered_a is not None:
        return offered_a < outlet.time_rules.least_a
    return offered_w is not None and offered_w / 230 / (phases or 3) < outlet.time_rules.least_a
