"""Lists of meter values, as messages of both versions carry them, -> meter rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.ingest.ocpp import buckets, samples
from monitor.ingest.ocpp.hearing import Hearing
from monitor.ingest.ocpp.messages import BadMessage, Payload, parts


@dataclass(frozen=True)
class Metered:
    """What a message's meter values say of its transaction: the registers at its border, and the last signed value."""

    begin_wh: float | None = None
    last_wh: float | None = None
    signed: str | None = None


def take(heard: Hearing, values: Iterable[Payload], connector: str, session: str | None) -> Metered:
    """Add a meter row for each moment; a moment that cannot be taken is noted in `heard.wrong`, the others are kept."""
    metered = Metered()
    for value in values:
        try:
            metered = _bucket(heard, value, connector, session, metered)
        except BadMessage as error:
            heard.wrong.append(str(error))
    return metered


def _bucket(heard: Hearing, value: Payload, connector: str, session: str | None, before: Metered) -> Metered:
    sampled = parts(value, "sampledValue")
    found = samples.samples(sampled, heard.unknown, heard.wrong)
    signed = samples.signed(sampled) or before.signed
    if not found:
        return Metered(before.begin_wh, before.last_wh, signed)
    energy_wh = buckets.columns(found).get("energy_wh")
    begins = buckets.only_beginning(found)
    metered = Metered(
        energy_wh if begins and before.begin_wh is None else before.begin_wh,
        before.last_wh if begins or energy_wh is None else energy_wh,
        signed,
    )
    time_us = heard.moment(value.get("timestamp"))
    known = heard.station.connector(connector)
    # Of one moment and one connector there is one row: a value of the beginning may not replace what came before it.
    columns = buckets.columns(found, first=known.metered_us is None or time_us > known.metered_us)
    if columns:
        heard.meter(connector, time_us, session=session, **columns)
    if not begins and (known.metered_us is None or time_us > known.metered_us):
        known.metered_us = time_us
    return metered
