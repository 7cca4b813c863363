"""Words for states, levels, flags and the like. Every one stands beside a symbol, never instead of it."""

from dashboards.language import lazy_gettext as _l

STANDING = {
    "faulted": _l("faulted"),
    "offline": _l("offline"),
    "unknown": _l("unknown"),
    "unavailable": _l("out of service"),
    "charging": _l("charging"),
    "occupied": _l("occupied"),
    "available": _l("available"),
}
STATE = {
    "Available": _l("Available"),
    "Preparing": _l("Preparing"),
    "Charging": _l("Charging"),
    "SuspendedEV": _l("Suspended by the car"),
    "SuspendedEVSE": _l("Suspended by the charger"),
    "Finishing": _l("Finishing"),
    "Reserved": _l("Reserved"),
    "Unavailable": _l("Out of service"),
    "Faulted": _l("Faulted"),
    "Offline": _l("Offline"),
    "Unknown": _l("Unknown"),
}
LEVEL = {"critical": _l("critical"), "warning": _l("warning"), "info": _l("info")}
ALERT_STATE = {"pending": _l("pending"), "firing": _l("firing"), "resolved": _l("resolved")}
EVENT = {
    "pending": _l("became true; waiting whether it lasts"),
    "firing": _l("fires"),
    "level": _l("changed its level"),
    "no_data": _l("no data to judge by"),
    "data": _l("data again"),
    "resolved": _l("resolved"),
    "inactive": _l("was over before it fired"),
    "flapping": _l("comes and goes; nothing more is told of it"),
    "calm": _l("has calmed down"),
}
MESSAGE = {
    "firing": _l("fires"),
    "resolved": _l("resolved"),
    "repeat": _l("still firing"),
    "digest": _l("summary of what had to wait"),
    "report": _l("monthly report"),
}
OUTBOX = {"waiting": _l("waiting"), "sent": _l("sent"), "dead": _l("given up"), "superseded": _l("told in a summary")}
ENTRY = {
    "acknowledged": _l("acknowledged"),
    "withdrawn": _l("acknowledgement taken back"),
    "expired": _l("acknowledgement has run out"),
    "silenced": _l("silenced"),
    "silence over": _l("silence is over"),
    "comment": _l("comment"),
}
REASON = {
    "no data": _l("no data"),
    "rule changed": _l("the rule was changed"),
    "rule deleted": _l("the rule was deleted"),
    "connector retired": _l("the connector is out of service"),
    "no longer selected": _l("the rule does not cover it any more"),
}
ASSIGNMENT = {"everything else": _l("everything else")}
VERDICT = {"real": _l("real"), "false": _l("false alarm"), "known": _l("known before")}
BILLING = {
    "open": _l("under way"),
    "review": _l("needs review"),
    "priced": _l("priced"),
    "sealed": _l("sealed"),
    "credited": _l("credited"),
    "written_off": _l("written off"),
}
REVIEW = {
    "energy_from_power": _l("the energy is only known from the power over time"),
    "start_unknown": _l("nobody told when it started"),
    "end_unknown": _l("nobody saw when the car left"),
    "energy_unknown": _l("the energy is not known"),
    "energy_without_time": _l("there is energy, but no time in which it flowed"),
    "evidence_changed": _l("readings came in that change what was decided on"),
    "withdrawn": _l("the readings know no such session any more"),
}
REVIEW_KIND = {
    "review": _l("doubtful"),
    "unpriced": _l("without a price"),
    "correction": _l("changed after sealing"),
}
DECISION = {
    "approve": _l("approved"),
    "correct": _l("corrected"),
    "write_off": _l("written off"),
    "keep": _l("kept as it was"),
    "seal": _l("exported and sealed"),
    "lapse": _l("the decision holds no more"),
}
DIAGNOSIS = {
    "vehicle_limited": _l("limited by the car"),
    "tapering": _l("tapering"),
    "load_managed": _l("load managed"),
    "shared": _l("shared with a neighbour"),
    "cold": _l("cold battery"),
    "charger_suspect": _l("charger suspect"),
    "too_little_data": _l("too little data"),
}
FLAG = {
    "register_reset": _l("the energy register started anew during the session"),
    "register_jump": _l("the energy register jumped further than the power can explain"),
    "clock_skew": _l("the charger's clock was wrong"),
    "gap": _l("readings are missing for a part of the session"),
    "late": _l("readings came in late"),
    "no_stop": _l("the charger never told that the session stopped"),
    "unit_suspect": _l("values look as if they were in another unit"),
    "negative": _l("the register ran backwards"),
    "duplicate_stop": _l("the stop was told more than once"),
}
DIMENSION = {
    "ENERGY": _l("Energy"),
    "TIME": _l("Charging time"),
    "PARKING_TIME": _l("Occupancy"),
    "FLAT": _l("Start fee"),
    "MIN_PRICE": _l("Least price"),
    "MAX_PRICE": _l("Greatest price"),
    "SERVICE": _l("Extra service"),
    "reservation TIME": _l("Reservation"),
    "reservation FLAT": _l("Reservation fee"),
}
USAGE = {
    "charging": _l("charging"),
    "parking": _l("idle: the car asks for no power"),
    "neither": _l("suspended: the charger gives no power"),
    "reservation": _l("reserved"),
}
SOURCE = {
    "store": _l("Readings store"),
    "mail": _l("Mail"),
    "evaluation": _l("Evaluation"),
    "billing": _l("Billing"),
}
SUBJECT = {
    "connector": _l("connector"),
    "station": _l("station"),
    "site": _l("site"),
    "source": _l("the service itself"),
    "current": _l("current"),
}
NO_DATA = {
    "keep": _l("stays as it was"),
    "resolve": _l("is over"),
    "fire": _l("fires"),
}
PLUGGED = _l("plugged in, not started")

BY = {
    "connector": _l("Connector"),
    "evse": _l("EVSE"),
    "station": _l("Station"),
    "site": _l("Site"),
    "vendor": _l("Vendor"),
    "model": _l("Model"),
}
POOL = {
    "unknown": _l("not in the register"),
    "AC under 7.4 kW": _l("AC under 7.4 kW"),
    "AC 7.4 to 22 kW": _l("AC 7.4 to 22 kW"),
    "AC over 22 kW": _l("AC over 22 kW"),
    "DC under 50 kW": _l("DC under 50 kW"),
    "DC 50 to 150 kW": _l("DC 50 to 150 kW"),
    "DC 150 to 350 kW": _l("DC 150 to 350 kW"),
    "DC 350 kW and more": _l("DC 350 kW and more"),
}
BOTTLENECK = {
    "plugs": _l("too few plugs"),
    "power": _l("too little power"),
    "idle": _l("idle cars"),
    "faults": _l("faults"),
}
PART = {
    "energy": _l("Energy"),
    "time": _l("Time"),
    "parking": _l("Idle fees"),
    "fixed": _l("Start fees"),
    "reservation": _l("Reservations"),
}
SEASON = {
    "winter": _l("Winter (December to February)"),
    "spring": _l("Spring (March to May)"),
    "summer": _l("Summer (June to August)"),
    "autumn": _l("Autumn (September to November)"),
}
PROPOSAL = {
    "idle_fee": _l("Idle fee"),
    "evening_price": _l("Evening price"),
    "start_fee": _l("Start fee"),
    "night_discount": _l("Discount at night"),
}
WORDS = {
    "standing": STANDING, "state": STATE, "level": LEVEL, "alert": ALERT_STATE, "event": EVENT, "message": MESSAGE,
    "outbox": OUTBOX, "entry": ENTRY, "verdict": VERDICT, "billing": BILLING, "reason": REASON,
    "assignment": ASSIGNMENT,
    "review": REVIEW, "review_kind": REVIEW_KIND, "decision": DECISION,
    "diagnosis": DIAGNOSIS, "flag": FLAG, "dimension": DIMENSION, "usage": USAGE, "source": SOURCE,
    "by": BY, "part": PART, "proposal": PROPOSAL, "pool": POOL, "bottleneck": BOTTLENECK,
    "season": SEASON, "subject": SUBJECT, "no_data": NO_DATA,
}  # fmt: skip


def word(kind: str, name: object) -> str:
    """The word of a kind for a name; a name that has none (a charger may say anything) is its own word."""
    return str(WORDS[kind].get(str(name), name))
