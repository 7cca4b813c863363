"""What the calls of OCPP 1.6 mean."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from monitor.ids import STATION_CONNECTOR
from monitor.ingest.clock import Believed
from monitor.ingest.meaning import Row
from monitor.ingest.ocpp import metering
from monitor.ingest.ocpp.hearing import Hearing
from monitor.ingest.ocpp.memory import Transaction
from monitor.ingest.ocpp.messages import BadMessage, Call, Payload, number, ordinal, part, parts, text
from monitor.ingest.ocpp.numbering import connectors_of

DEFAULT_REASON = "Local"
"""What a stop without a reason means, in both versions."""


def boot(call: Call, heard: Hearing) -> None:
    """A station that has started: its make, and from the answer how often its heartbeats come."""
    at = heard.believed(None)
    said = {"vendor": "chargePointVendor", "model": "chargePointModel", "firmware": "firmwareVersion"}
    heard.link("boot", at, **{name: text(call.payload, key) for name, key in said.items()})
    heard.station.expect(call.id, lambda payload: interval(heard, payload))


def heartbeat(_call: Call, heard: Hearing) -> None:
    """A sign of life, at the moment it came: it has no time of its own."""
    heard.link("heartbeat", heard.believed(None))


def status(call: Call, heard: Hearing) -> None:
    """One of the nine statuses; connector 0 is the station itself."""
    connector = _connector(call.payload)
    said = text(call.payload, "status")
    if said is None:
        raise BadMessage("status is missing")
    time_us = heard.moment(call.payload.get("timestamp"))
    heard.status(
        connector,
        time_us,
        said,
        error_code=text(call.payload, "errorCode"),
        vendor_code=text(call.payload, "vendorErrorCode"),
        info=text(call.payload, "info"),
    )


def meter_values(call: Call, heard: Hearing) -> None:
    """Readings of a connector, of its transaction where it has one."""
    connector, session = _connector(call.payload), text(call.payload, "transactionId")
    if connector == STATION_CONNECTOR:
        heard.unknown["ocpp.MeterValues of connector 0"] += 1
        return
    if session is not None and heard.station.transaction(session) is None:
        heard.station.note(Transaction(session, connector))
    metering.take(heard, parts(call.payload, "meterValue"), connector, session)


def start(call: Call, heard: Hearing) -> None:
    """The start of a transaction; its id comes with the answer, and the row is written again with it."""
    connector, user = _connector(call.payload), text(call.payload, "idTag")
    at = heard.believed(call.payload.get("timestamp"))
    row: Mapping[str, Any] = {"user": user, "meter_wh": number(call.payload, "meterStart")}
    heard.transaction("start", connector, at, **row)
    heard.station.connector(connector).nameless_start_us = at.time_us

    def answered(payload: Payload) -> list[Row]:
        later, session = replace(heard, rows=[]), text(payload, "transactionId")
        if session is None:
            return []  # an answer of the station to a request of the same id from the other side
        group = text(part(payload, "idTagInfo"), "parentIdTag")
        later.transaction("start", connector, at, session=session, group=group, **row)
        known = later.station.transactions.get((session, connector))
        if known is None or known.started_us != at.time_us:
            later.station.note(Transaction(session, connector, at.time_us, user))
            later.station.connector(connector).nameless_start_us = None
            later.station.connector(connector).transaction = session
        return later.rows

    heard.station.expect(call.id, answered)


def stop(call: Call, heard: Hearing) -> None:
    """The stop of a transaction, on the connector where it began, with the values read during it."""
    session = text(call.payload, "transactionId")
    if session is None:
        raise BadMessage("transactionId is missing")
    user = text(call.payload, "idTag")
    connector = _connector_of(session, user, heard)
    metered = metering.take(heard, parts(call.payload, "transactionData"), connector, session)
    meter_wh = number(call.payload, "meterStop")
    at = _beside_the_first(
        heard.believed(call.payload.get("timestamp")), meter_wh, heard.station.transactions.get((session, connector))
    )
    heard.transaction(
        "stop",
        connector,
        at,
        session=session,
        user=user,
        meter_wh=meter_wh,
        reason=text(call.payload, "reason") or DEFAULT_REASON,
        signed=metered.signed,
    )
    heard.station.end(session, connector, at.time_us, meter_wh)


def _beside_the_first(at: Believed, meter_wh: float | None, known: Transaction | None) -> Believed:
    """The time of a stop. A second one of the same moment with another value would be stored over the first."""
    if known is None or known.stop is None or known.stop[0] != at.time_us or known.stop[1] == meter_wh:
        return at
    return replace(at, time_us=at.time_us + 1)


HANDLERS: Mapping[str, Callable[[Call, Hearing], None]] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "StatusNotification": status,
    "MeterValues": meter_values,
    "StartTransaction": start,
    "StopTransaction": stop,
}


def interval(heard: Hearing, payload: Payload) -> list[Row]:
    """The answer to a boot: how often the station's heartbeats come, in the row of the boot."""
    later = replace(heard, rows=[])
    interval_s = number(payload, "interval")
    # While a station is not accepted, the interval says when it may ask again.
    if interval_s is not None and payload.get("status") == "Accepted":
        later.link("boot", later.believed(None), interval_s=interval_s)
    return later.rows


def _connector(payload: Payload) -> str:
    connector = ordinal(payload, "connectorId")
    if connector is None:
        raise BadMessage("connectorId is missing")
    return str(connector)


def _connector_of(session: str, user: str | None, heard: Hearing) -> str:
    """The connector of a transaction: where it began or sent values, else the only one that it can be."""
    known = heard.station.transaction(session, user)
    if known is not None:
        return known.connector
    waiting = [name for name, of in heard.station.connectors.items() if of.nameless_start_us is not None]
    registered = connectors_of(heard.register, heard.place)
    for only in (waiting, registered):
        if len(only) == 1:
            heard.station.connector(only[0]).nameless_start_us = None
            return only[0]
    raise BadMessage(f"StopTransaction of {session}, whose start was not seen: its connector is not known")
