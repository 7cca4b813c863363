"""What the calls of OCPP 2.0.1 mean: `Occupied` and the charging state become the nine statuses of 1.6."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from monitor.ids import STATION_CONNECTOR
from monitor.ingest.meaning import Row
from monitor.ingest.ocpp import metering
from monitor.ingest.ocpp.hearing import Hearing
from monitor.ingest.ocpp.memory import FREE, Connector, Transaction
from monitor.ingest.ocpp.messages import BadMessage, Call, Payload, ordinal, part, parts, text
from monitor.ingest.ocpp.numbering import connector_of, evse_members
from monitor.ingest.ocpp.v16 import DEFAULT_REASON, heartbeat, interval

CHARGING_STATES = {"Charging": "Charging", "SuspendedEV": "SuspendedEV", "SuspendedEVSE": "SuspendedEVSE",
                   "EVConnected": "Preparing", "Idle": "Preparing"}  # fmt: skip
"""While a transaction is under way. Idle: no cable, so that somebody may have been authorised before plugging in."""
GONE = frozenset({"EVDisconnected"})
"""Reasons of a stop with which the car is not there any more."""
_EVENTS = ("Started", "Updated", "Ended")


def boot(call: Call, heard: Hearing) -> None:
    """A station that has started: its make, and from the answer how often its heartbeats come."""
    said = part(call.payload, "chargingStation")
    names = {"vendor": "vendorName", "model": "model", "firmware": "firmwareVersion"}
    heard.link("boot", heard.believed(None), **{name: text(said, key) for name, key in names.items()})
    heard.station.expect(call.id, lambda payload: interval(heard, payload))


def status(call: Call, heard: Hearing) -> None:
    """A connector's status; Occupied alone is Preparing, and during a transaction what its charging state says."""
    connector = _connector(ordinal(call.payload, "evseId"), ordinal(call.payload, "connectorId"), heard)
    said = text(call.payload, "connectorStatus")
    if said is None:
        raise BadMessage("connectorStatus is missing")
    time_us = heard.moment(call.payload.get("timestamp"))
    known = heard.station.connector(connector)
    known.status = said
    if said in FREE:
        known.transaction = known.charging = None
    if said != "Occupied":
        heard.status(connector, time_us, said)
    elif (means := _occupied(known)) is not None:
        heard.status(connector, time_us, means)


def meter_values(call: Call, heard: Hearing) -> None:
    """Readings of an EVSE outside a transaction, or beside one."""
    connector = _connector(ordinal(call.payload, "evseId"), None, heard)
    if connector == STATION_CONNECTOR:
        heard.unknown["ocpp.MeterValues of EVSE 0"] += 1
        return
    session = heard.station.connector(connector).transaction
    metering.take(heard, parts(call.payload, "meterValue"), connector, session)


def transaction_event(call: Call, heard: Hearing) -> None:
    """The start, the stop or a change of a transaction, with readings."""
    event, said = text(call.payload, "eventType"), part(call.payload, "transactionInfo")
    session = text(said, "transactionId")
    if event not in _EVENTS or session is None:
        raise BadMessage(f"needs eventType, one of {', '.join(_EVENTS)}, and transactionInfo.transactionId")
    transaction = _transaction(session, call.payload, heard)
    metered = metering.take(heard, parts(call.payload, "meterValue"), transaction.connector, session)
    if event == "Started":
        _start(transaction, call, heard, metered)
    elif event == "Ended":
        _stop(transaction, call, said, heard, metered)
    elif transaction.user and transaction.started_us is not None and "idToken" in call.payload:
        # Plugged in first, authorised later: the start learns whose it is.
        at = heard.believed(None)
        heard.transaction(
            "start", transaction.connector, replace(at, time_us=transaction.started_us), **_token(call.payload)
        )
    _charging_state(transaction, call.payload, said, event, heard)


HANDLERS: Mapping[str, Callable[[Call, Hearing], None]] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "StatusNotification": status,
    "MeterValues": meter_values,
    "TransactionEvent": transaction_event,
}
MARKS = ("chargingStation", "connectorStatus", "evseId", "eventType")
"""Keys that only payloads of 2.0.1 have; Heartbeat is the same in both versions."""


def _transaction(session: str, payload: Payload, heard: Hearing) -> Transaction:
    """The transaction, remembered; of a later event the EVSE may be missing."""
    known, evse = heard.station.transaction(session), part(payload, "evse")
    user = text(part(payload, "idToken"), "idToken") or (known.user if known else None)
    if known is not None and not evse:
        transaction = replace(known, user=user)
    elif evse:
        connector = _connector(ordinal(evse, "id"), ordinal(evse, "connectorId"), heard)
        transaction = Transaction(session, connector, known.started_us if known else None, user)
        if known is not None and known.connector != connector:  # until now only its EVSE was known
            del heard.station.transactions[session, known.connector]
    else:
        raise BadMessage(f"transaction {session}, whose start was not seen, does not name its EVSE")
    heard.station.note(transaction)
    heard.station.connector(transaction.connector).transaction = session
    return transaction


def _start(transaction: Transaction, call: Call, heard: Hearing, metered: metering.Metered) -> None:
    at = heard.believed(call.payload.get("timestamp"))
    meter_wh = metered.begin_wh if metered.begin_wh is not None else metered.last_wh
    row = {"session": transaction.id, "meter_wh": meter_wh, **_token(call.payload)}
    heard.transaction("start", transaction.connector, at, **row)
    heard.station.note(replace(transaction, started_us=at.time_us))

    def answered(payload: Payload) -> list[Row]:
        later = replace(heard, rows=[])
        group = text(part(part(payload, "idTokenInfo"), "groupIdToken"), "idToken")
        if group is not None:
            later.transaction("start", transaction.connector, at, session=transaction.id, group=group)
        return later.rows

    heard.station.expect(call.id, answered)


def _stop(transaction: Transaction, call: Call, said: Payload, heard: Hearing, metered: metering.Metered) -> None:
    heard.transaction(
        "stop",
        transaction.connector,
        heard.believed(call.payload.get("timestamp")),
        session=transaction.id,
        meter_wh=metered.last_wh,
        reason=text(said, "stoppedReason") or DEFAULT_REASON,
        signed=metered.signed,
        **(_token(call.payload) if "idToken" in call.payload else {"user": transaction.user}),
    )


def _charging_state(transaction: Transaction, payload: Payload, said: Payload, event: str, heard: Hearing) -> None:
    known = heard.station.connector(transaction.connector)
    state = text(said, "chargingState")
    if state is not None and state not in CHARGING_STATES:
        raise BadMessage(f"chargingState {state!r} is not known")
    if event == "Ended":
        heard.station.end(transaction.id, transaction.connector)
        # A cable that is still in says so by its charging state, or by a connector that was last Occupied.
        there = state not in {None, "Idle"} or (state is None and known.status == "Occupied")
        if there and text(said, "stoppedReason") not in GONE:
            heard.status(transaction.connector, heard.moment(payload.get("timestamp")), "Finishing")
        return
    if state is not None:
        known.charging = state
        if known.status not in {"Faulted", "Unavailable"}:
            heard.status(transaction.connector, heard.moment(payload.get("timestamp")), CHARGING_STATES[state])


def _occupied(known: Connector) -> str | None:
    """What Occupied means; None in a transaction whose charging state was not heard: what held, holds."""
    if known.transaction is None:
        return "Preparing"
    return CHARGING_STATES.get(known.charging or "")


def _token(payload: Payload) -> dict[str, str | None]:
    token = part(payload, "idToken")
    return {"user": text(token, "idToken"), "token_type": text(token, "type")} if token else {}


def _connector(evse: int | None, connector: int | None, heard: Hearing) -> str:
    """The connector's name of ours; where only the EVSE is said, its connector in use, else its first."""
    if evse is None:
        raise BadMessage("the EVSE is missing")
    if evse == 0 or connector is not None:
        return connector_of(heard.register, heard.place, evse, connector)
    members = evse_members(heard.register, heard.place, evse)
    known = {name: heard.station.connectors.get(name, Connector()) for name in members}
    charging = [name for name, of in known.items() if of.transaction]
    occupied = [name for name, of in known.items() if of.status == "Occupied"]
    return (charging or occupied or members)[0]
