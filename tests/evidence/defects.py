"""Every line of meter_defects.md that concerns sessions, planted into visits: what the charger says then.

A plant takes a visit and returns what is said of it; `doubts` are the reasons for review that are right for it, none
where the session has to come out as if nothing had been wrong. `line` is the line's first column, shortened.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from tests.evidence.visits import Payload, Said, Visit, energy_of, meter, start, status, stop


@dataclass(frozen=True)
class Tolerance:
    """How far a session may be from what happened and still be equal."""

    energy_wh: float = 2.0
    time: timedelta = timedelta(seconds=2)


Plant = Callable[[Visit], list[Said]]


@dataclass(frozen=True)
class Defect:
    """One way to be wrong. `doubts`: review is right for one of these reasons."""

    line: str
    how: str
    plant: Plant
    doubts: frozenset[str] = frozenset()
    tolerance: Tolerance = field(default_factory=Tolerance)


def _each(visit: Visit, change: Callable[[int, Said], Said | None]) -> list[Said]:
    """The visit's messages with each one changed (or left out); numbers count meter values only."""
    said, number = [], 0
    for message in visit.said:
        changed = change(number, replace(message, payload=copy.deepcopy(message.payload)))
        number += message.action == "MeterValues"
        if changed is not None:
            said.append(changed)
    return said


def _values(visit: Visit, change: Callable[[int, list[Payload]], list[Payload]]) -> list[Said]:
    """The visit's messages with the sampled values of each bucket changed."""

    def changed(number: int, message: Said) -> Said:
        for bucket in message.payload.get("meterValue", []):
            bucket["sampledValue"] = change(number, bucket["sampledValue"])
        return message

    return _each(visit, changed)


def _registers(visit: Visit, change: Callable[[int, float], float]) -> list[Said]:
    """The visit's messages with each register of the meter values changed; numbers count them."""

    def changed(number: int, values: list[Payload]) -> list[Payload]:
        return [energy_of(change(number, float(v["value"]))) if _is_energy(v) else v for v in values]

    return _values(visit, changed)


def _is_energy(value: Payload) -> bool:
    return bool(value.get("measurand", "").startswith("Energy"))


def _is_power(value: Payload) -> bool:
    return bool(value.get("measurand", "").startswith("Power"))


def _events(said: list[Said], *, at_start: float | None = None, at_stop: float | None = None) -> list[Said]:
    """The messages with other registers at start and stop."""
    changed = []
    for message in said:
        payload = dict(message.payload)
        if message.action == "StartTransaction" and at_start is not None:
            payload["meterStart"] = at_start
        if message.action == "StopTransaction" and at_stop is not None:
            payload["meterStop"] = at_stop
        changed.append(replace(message, payload=payload))
    return changed


def _middle(visit: Visit) -> int:
    return len(visit.minutes) // 2


def clean(visit: Visit) -> list[Said]:
    return list(visit.said)


def session_relative(visit: Visit) -> list[Said]:
    return _registers(visit, lambda _, wh: wh - visit.register_wh)


def session_relative_small_lifetime(visit: Visit) -> list[Said]:
    """The lifetime register is that of a new charger: a step from one register to the other looks possible."""
    lifetime = 3_000
    return _events(session_relative(visit), at_start=lifetime, at_stop=lifetime + round(visit.energy_wh[-1]))


def boot_reading_of_0(visit: Visit) -> list[Said]:
    return _events(list(visit.said), at_start=0)


def boot_reading_of_0_new_charger(visit: Visit) -> list[Said]:
    """The same with a register of 2 kWh: the step from 0 is what the rating allows within a minute."""
    low = _registers(visit, lambda _, wh: wh - visit.register_wh + 2_000)
    return _events(low, at_start=0, at_stop=2_000 + round(visit.energy_wh[-1]))


def first_reading_of_0(visit: Visit) -> list[Said]:
    return _registers(visit, lambda number, wh: 0 if number == 0 else wh)


def no_energy_now_and_then(visit: Visit) -> list[Said]:
    return _values(visit, lambda number, values: [v for v in values if number % 3 == 0 or not _is_energy(v)])


def no_energy_at_the_end(visit: Visit) -> list[Said]:
    return _values(visit, lambda number, values: [v for v in values if number < 2 or not _is_energy(v)])


def no_transaction(visit: Visit) -> list[Said]:
    def changed(number: int, message: Said) -> Said:
        if message.action == "MeterValues":
            message.payload.pop("transactionId")
        return message

    return _each(visit, changed)


def creep_of_30_wh(visit: Visit) -> list[Said]:
    """The start was read after the meter had crept on; the first values are from before that."""
    return _events(list(visit.said), at_start=visit.register_wh + 30)


def creep_of_900_wh(visit: Visit) -> list[Said]:
    return _events(list(visit.said), at_start=visit.register_wh + 900)


def drops_out_once(visit: Visit) -> list[Said]:
    return _registers(visit, lambda number, wh: 0 if number == _middle(visit) else wh)


def jumps_once(visit: Visit) -> list[Said]:
    return _registers(visit, lambda number, wh: wh + 900_000 if number == _middle(visit) else wh)


def jumps_for_good(visit: Visit) -> list[Said]:
    said = _registers(visit, lambda number, wh: wh + 900_000 if number >= _middle(visit) else wh)
    return _events(said, at_stop=visit.stop_wh + 900_000)


def jumps_a_little(visit: Visit) -> list[Said]:
    """By as much as the rating allows: only the power beside it tells."""
    said = _registers(visit, lambda number, wh: wh + 2_500 if number >= _middle(visit) else wh)
    return _events(said, at_stop=visit.stop_wh + 2_500)


def restarts_at_0(visit: Visit) -> list[Said]:
    """After a restart in mid-session the register counts from 0."""
    base = visit.register_wh + visit.energy_wh[_middle(visit) - 1] if len(visit.minutes) > 1 else visit.register_wh
    said = _registers(visit, lambda number, wh: wh - base if number >= max(_middle(visit), 1) else wh)
    return _events(said, at_stop=round(visit.stop_wh - base))


def kwh_labelled_wh(visit: Visit) -> list[Said]:
    said = _registers(visit, lambda _, wh: wh / 1000)
    return _events(said, at_start=visit.register_wh / 1000, at_stop=visit.stop_wh / 1000)


def kwh_labelled_wh_in_values(visit: Visit) -> list[Said]:
    return _values(
        visit,
        lambda _, values: [{**v, "value": f"{float(v['value']) / 1000:.4f}"} if _is_energy(v) else v for v in values],
    )


def wh_labelled_kwh(visit: Visit) -> list[Said]:
    return _values(visit, lambda _, values: [{**v, "unit": "kWh"} if _is_energy(v) else v for v in values])


def watts_labelled_kw(visit: Visit) -> list[Said]:
    return _values(visit, lambda _, values: [{**v, "unit": "kW"} if _is_power(v) else v for v in values])


def kilowatts_without_unit(visit: Visit) -> list[Said]:
    def changed(value: Payload) -> Payload:
        return {"value": f"{float(value['value']) / 1000:.2f}", "measurand": value["measurand"]}

    return _values(visit, lambda _, values: [changed(v) if _is_power(v) else v for v in values])


def per_phase(visit: Visit) -> list[Said]:
    def split(value: Payload) -> Iterator[Payload]:
        if not _is_energy(value) and not _is_power(value):
            yield value
            return
        for phase in ("L1", "L2", "L3"):
            yield {**value, "value": f"{float(value['value']) / 3:.4f}", "phase": phase}

    return _values(visit, lambda _, values: [part for value in values for part in split(value)])


def one_phase_tagged(visit: Visit) -> list[Said]:
    return _values(
        visit, lambda _, values: [{**v, "phase": "L1"} if _is_energy(v) or _is_power(v) else v for v in values]
    )


def current_summed(visit: Visit) -> list[Said]:
    currents = [
        {"value": "47", "measurand": "Current.Import", "unit": "A"},
        {"value": "32", "measurand": "Current.Offered", "unit": "A"},
    ]
    return _values(visit, lambda _, values: values + currents)


def begin_beside_periodic(visit: Visit) -> list[Said]:
    """Every bucket repeats a Transaction.Begin of 0 beside the value of now."""
    return _values(visit, lambda _, values: [{**energy_of(0), "context": "Transaction.Begin"}, *values])


def end_beside_periodic(visit: Visit) -> list[Said]:
    """The last bucket has the end's value, and an old periodic one after it."""

    def changed(number: int, values: list[Payload]) -> list[Payload]:
        if number != len(visit.minutes) - 1:
            return values
        return [{**v, "context": "Transaction.End"} for v in values] + [
            {**energy_of(visit.register_wh), "context": "Sample.Periodic"}
        ]

    return _values(visit, changed)


def no_stop(visit: Visit) -> list[Said]:
    return [m for m in visit.said if m.action != "StopTransaction" and m.payload.get("status") != "Finishing"]


def no_stop_nor_available(visit: Visit) -> list[Said]:
    return [m for m in visit.said if m.action != "StopTransaction" and m.payload.get("status") not in _ENDS]


_ENDS = {"Finishing", "Available"}


def second_stop(visit: Visit) -> list[Said]:
    again = stop(visit.stopped + timedelta(seconds=40), visit.stop_wh + 7_000, visit.transaction)
    return [*visit.said, again]


def second_stop_of_the_same_moment(visit: Visit) -> list[Said]:
    """Sent again the next day with the time of the first."""
    again = stop(visit.stopped, visit.stop_wh + 700, visit.transaction)
    return [*visit.said, replace(again, heard=visit.stopped + timedelta(days=1))]


def second_stop_next_day(visit: Visit) -> list[Said]:
    return [*visit.said, stop(visit.stopped + timedelta(days=1), visit.stop_wh + 7_000, visit.transaction)]


def start_again(visit: Visit) -> list[Said]:
    again = start(visit.started, visit.register_wh, visit.transaction)
    return [*visit.said, replace(again, heard=visit.minutes[_middle(visit)] + timedelta(seconds=3))]


def start_again_with_another_id(visit: Visit) -> list[Said]:
    """The answer was lost, the charger asks again and gets another id, which it uses from then on."""
    new = visit.transaction + 5_000
    asked_at = visit.started + timedelta(seconds=30)
    said = [replace(start(visit.started, visit.register_wh, new), heard=asked_at)]
    for message in visit.said:
        payload = dict(message.payload)
        if "transactionId" in payload:
            payload["transactionId"] = new
        said.append(replace(message, payload=payload))
    return said


def with_id(transaction: int) -> Plant:
    """All visits have the same id."""

    def plant(visit: Visit) -> list[Said]:
        said = []
        for message in visit.said:
            payload, answer = dict(message.payload), message.answer
            if "transactionId" in payload:
                payload["transactionId"] = transaction
            if answer is not None:
                answer = {**answer, "transactionId": transaction}
            said.append(replace(message, payload=payload, answer=answer))
        return said

    return plant


def queued(visit: Visit) -> list[Said]:
    """Offline from the middle on: what is queued comes up to three hours later, statuses from then are lost."""
    off, on = visit.minutes[_middle(visit)], min(visit.gone + timedelta(hours=3), visit.until)
    said = [m for m in visit.said if m.at < off]
    late = [replace(m, heard=on) for m in visit.said if m.at >= off and m.action != "StatusNotification"]
    return [*said, *late, status(on, "Available")]


def queued_whole(visit: Visit) -> list[Said]:
    """Offline the whole time: the transaction comes the next day in one go; no status was ever sent."""
    on = visit.gone + timedelta(days=1)
    return [replace(m, heard=on) for m in visit.said if m.action != "StatusNotification"]


def offline_gap(visit: Visit) -> list[Said]:
    """Nothing is queued and a third of the values are lost."""
    third = len(visit.minutes) // 3
    return _each(
        visit,
        lambda number, m: None if m.action == "MeterValues" and third <= number < 2 * third else m,
    )


def start_in_1970(visit: Visit) -> list[Said]:
    said = []
    for message in visit.said:
        payload = dict(message.payload)
        if message.action == "StartTransaction":
            payload["timestamp"] = "1970-01-01T00:03:12Z"
        said.append(replace(message, payload=payload))
    return said


def clock_ahead(visit: Visit) -> list[Said]:
    """All that the charger says is 20 minutes ahead of when it is heard."""
    return [replace(message, heard=message.at - timedelta(minutes=20)) for message in visit.said]


def without_zone(visit: Visit) -> list[Said]:
    return _stamped(visit, lambda text: text.removesuffix("Z"))


def with_offset(visit: Visit) -> list[Said]:
    return _stamped(visit, lambda text: text.removesuffix("Z") + "+00:00")


def _stamped(visit: Visit, change: Callable[[str], str]) -> list[Said]:
    def changed(_: int, message: Said) -> Said:
        if "timestamp" in message.payload:
            message.payload["timestamp"] = change(message.payload["timestamp"])
        for bucket in message.payload.get("meterValue", []):
            bucket["timestamp"] = change(bucket["timestamp"])
        return message

    return _each(visit, changed)


def as_the_standard_says(visit: Visit) -> list[Said]:
    """No measurand and no unit on the register, no reason of the stop, Celcius."""

    def changed(_: int, message: Said) -> Said:
        message.payload.pop("reason", None)
        for bucket in message.payload.get("meterValue", []):
            values = [{"value": v["value"]} if _is_energy(v) else v for v in bucket["sampledValue"]]
            bucket["sampledValue"] = [*values, {"value": "21", "measurand": "Temperature", "unit": "Celcius"}]
        return message

    return _each(visit, changed)


def faulted_at_boot(visit: Visit) -> list[Said]:
    boot = visit.started - timedelta(seconds=45)
    return [status(boot, "Faulted"), status(boot + timedelta(seconds=3), "Available"), *visit.said]


def stays_for_hours(visit: Visit) -> list[Said]:
    """The charger sends on its register while the car stays in Finishing, and the meter creeps."""
    moments = [visit.stopped + timedelta(seconds=30 * n) for n in range(1, 5)]
    values = [energy_of(visit.stop_wh + 3 * n) for n in range(1, 5)]
    after = [
        meter(at, [value], visit.transaction) for at, value in zip(moments, values, strict=True) if at < visit.gone
    ]
    for message in after:
        message.payload.pop("transactionId")
    return [*visit.said, *after]


def half_a_module(visit: Visit) -> list[Said]:
    """The charger gives the same energy but offers little: why it was slow is another matter than what it cost."""
    offer = {"value": "60000", "measurand": "Power.Offered", "unit": "W"}
    return _values(visit, lambda _, values: [*values, offer])


def power_alone(visit: Visit) -> list[Said]:
    """No register anywhere: what power says is no proof."""
    said = _values(visit, lambda _, values: [v for v in values if not _is_energy(v)])
    return [
        replace(m, payload={k: v for k, v in m.payload.items() if k not in {"meterStart", "meterStop"}}) for m in said
    ]


def everything_twice(visit: Visit) -> list[Said]:
    again = [replace(message, heard=visit.gone + timedelta(minutes=1)) for message in visit.said]
    return [*visit.said, *again]


JUMP = frozenset({"register_jump"})
UNIT = frozenset({"unit_suspect"})
SKEW = frozenset({"clock_skew"})
END = frozenset({"end_unknown"})
ENERGY = frozenset({"energy_unknown", "energy_from_power"})
NO_END = Tolerance(time=timedelta(minutes=20))

RELATIVE = "register session-relative in MeterValues, lifetime in Start/Stop"
BASELINE = "offline or boot reading of 0 as baseline"
NO_ENERGY = "a batch without an energy value"
NO_ID = "meter values without their transaction"
CREEP = "meter creeps after stop"
BREAKS = "register drops out, jumps, or starts at 0"
KWH = "kWh labelled Wh"
UNITS = "unit missing on power"
PHASES = "energy or power only per phase"
CURRENT = "current summed over phases"
BUCKET = "duplicates in one bucket"
NO_STOP = "no StopTransaction"
STOPS = "second StopTransaction with another value"
STARTS = "StartTransaction sent again"
IDS = "transaction id -1, negative, 2^63-1"
QUEUED = "queued values arrive late"
CLOCK = "clock at 1970, skewed, without a zone"
DEFAULTS = "Celcius, missing reason, missing measurand"

DEFECTS: tuple[Defect, ...] = (
    Defect("clean", "as it was", clean),
    Defect("clean", "everything sent twice", everything_twice),
    Defect(RELATIVE, "lifetime 1.2 GWh", session_relative, JUMP),
    Defect(RELATIVE, "lifetime 3 kWh", session_relative_small_lifetime, JUMP),
    Defect(BASELINE, "meterStart 0", boot_reading_of_0, JUMP),
    Defect(BASELINE, "meterStart 0, register 2 kWh", boot_reading_of_0_new_charger, JUMP),
    Defect(BASELINE, "first value 0", first_reading_of_0, JUMP),
    Defect(NO_ENERGY, "two of three", no_energy_now_and_then),
    Defect(NO_ENERGY, "all but the first two", no_energy_at_the_end),
    Defect(NO_ID, "no id on any", no_transaction),
    Defect(CREEP, "30 Wh", creep_of_30_wh, frozenset(), Tolerance(energy_wh=50)),
    Defect(CREEP, "900 Wh", creep_of_900_wh, JUMP),
    Defect(BREAKS, "0 once", drops_out_once, JUMP),
    Defect(BREAKS, "+900 kWh once", jumps_once, JUMP),
    Defect(BREAKS, "+900 kWh for good", jumps_for_good, JUMP),
    Defect(BREAKS, "+2.5 kWh for good", jumps_a_little, JUMP),
    Defect(BREAKS, "from 0 after a restart", restarts_at_0, JUMP),
    Defect(KWH, "everywhere", kwh_labelled_wh, UNIT),
    Defect(KWH, "in the values", kwh_labelled_wh_in_values, UNIT | JUMP),
    Defect(KWH, "Wh labelled kWh in the values", wh_labelled_kwh, UNIT | JUMP),
    Defect(UNITS, "W labelled kW", watts_labelled_kw, UNIT),
    Defect(UNITS, "kW without a unit", kilowatts_without_unit, UNIT),
    Defect(PHASES, "three phases", per_phase),
    Defect(PHASES, "a tag on a single phase", one_phase_tagged),
    Defect(CURRENT, "47 A with 32 A offered", current_summed),
    Defect(BUCKET, "Begin 0 beside periodic", begin_beside_periodic),
    Defect(BUCKET, "End beside an old periodic", end_beside_periodic),
    Defect(NO_STOP, "Available comes", no_stop, frozenset(), NO_END),
    Defect(NO_STOP, "nothing comes but the next one", no_stop_nor_available, END, NO_END),
    Defect(STOPS, "40 s later", second_stop),
    Defect(STOPS, "the next day", second_stop_next_day),
    Defect(STOPS, "the next day, with the first one's time", second_stop_of_the_same_moment),
    Defect(STARTS, "with its id", start_again),
    Defect(STARTS, "with another id", start_again_with_another_id),
    *(Defect(IDS, f"id {number}", with_id(number)) for number in (-1, -(2**63), 2**63 - 1, 0)),
    Defect(QUEUED, "from the middle on", queued, END, NO_END),
    Defect(QUEUED, "the whole visit, nothing says when the car left", queued_whole, END, NO_END),
    Defect("an offline gap", "a third is lost", offline_gap),
    Defect(CLOCK, "start in 1970", start_in_1970, SKEW),
    Defect(CLOCK, "20 min ahead", clock_ahead, SKEW),
    Defect(CLOCK, "without a zone", without_zone),
    Defect(CLOCK, "with an offset", with_offset),
    Defect(DEFAULTS, "all of them", as_the_standard_says),
    Defect("Faulted with NoError at boot", "3 s", faulted_at_boot),
    Defect("the car stays after the stop", "the meter creeps", stays_for_hours),
    Defect("a power module dies", "the offer is lowered", half_a_module),
    Defect("no register at all", "power alone", power_alone, ENERGY),
)

BY_NAME: Mapping[str, Defect] = {f"{defect.line}: {defect.how}": defect for defect in DEFECTS}
