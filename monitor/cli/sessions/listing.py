"""`laddvakt sessions list` and `show`."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click

from monitor.cells import iso, plain
from monitor.cli.sessions.office import opened, range_options
from monitor.cli.settings import config_option
from monitor.cli.terminal import table
from monitor.errors import InputError
from monitor.sessions.flat import session_row
from monitor.sessions.model import BillingState, Session
from monitor.state.review_queue import ReviewStore
from monitor.state.reviewing import Case
from monitor.state.sessions import SessionStore
from monitor.tariffs.codec import bill_to_json


@click.command("list")
@range_options
@click.option("--site", help="only of this site")
@click.option("--station", help="only of this station")
@click.option("--connector", help="only of this connector")
@click.option("--state", type=click.Choice(get_args(BillingState)), help="only in this billing state")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many at most")
@click.option("--before", metavar="ID", help="go on after this session of the list before")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def list_(
    *, first: datetime | None, last: datetime | None, limit: int, as_json: bool, config_file: Path | None,
    **chosen: Any,
) -> None:  # fmt: skip
    """Sessions, newest plug-in first."""
    with opened(config_file) as office:
        start, end = office.midnight(first), office.midnight(last)
        found = SessionStore(office.database).list(start=start, end=end, limit=limit + 1, **chosen)
    shown, following = found[:limit], found[limit - 1].id if len(found) > limit else None
    if as_json:
        _print({"items": [_plain(session_row(session)) for session in shown], "next": following})
        return
    table(("id", "plug-in", "where", "kWh", "price", "state", "flags"), [_line(session) for session in shown])
    if following:
        click.echo(f"more: --before {following}")


@click.command()
@click.argument("session_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def show(*, session_id: str, as_json: bool, config_file: Path | None) -> None:
    """One session: times, energy, price line by line, and what was decided about its bill."""
    with opened(config_file) as office:
        case = ReviewStore(office.database).case(session_id)
    if case is None:
        raise InputError(f"there is no session {session_id!r}")
    if as_json:
        _print(whole(case))
        return
    for line in _told(case):
        click.echo(line)


def whole(case: Case) -> dict[str, Any]:
    """Everything that is stored of a session, as JSON."""
    session, proposed = case.session, case.proposal.session if case.proposal else None
    return {
        **_plain(session_row(session)),
        "user": session.user,
        "group": session.group,
        "details": dict(session.details),
        "tariff_reason": session.tariff_reason,
        "bill": bill_to_json(session.bill) if session.bill else None,
        "periods": [_plain(vars(period)) for period in session.periods],
        "billing": [_plain(vars(event)) for event in case.events],
        "cdrs": [
            {"id": cdr.id, "ocpi": cdr.ocpi, "made_at": iso(cdr.made_at), "export": cdr.export, "credits": cdr.credits}
            for cdr in case.cdrs
        ],
        "proposal": case.proposal
        and {"at": iso(case.proposal.at), "session": _plain(session_row(proposed)) if proposed else None},
    }  # fmt: skip


def _plain(row: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}


def _print(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _line(session: Session) -> tuple[str, ...]:
    return (
        session.id, iso(session.plug_in), session.place.subject, kwh(session.energy_wh), _price(session), session.state,
        " ".join(sorted(session.flags)),
    )  # fmt: skip


def kwh(energy_wh: float | None) -> str:
    """Energy in kWh to the Wh; a dash where it is not known."""
    return "-" if energy_wh is None else f"{energy_wh / 1000:.3f}"


def _price(session: Session) -> str:
    if session.bill is None:
        return "-"
    total = session.bill.total
    return f"{(total.excl_vat if total.incl_vat is None else total.incl_vat):f} {session.bill.currency}"


def _told(case: Case) -> Iterator[str]:
    session = case.session
    yield f"session {session.id} at {session.place.subject}, transaction {session.transaction}: {session.state}"
    for name in ("plug_in", "started", "stopped", "plug_out"):
        at = getattr(session, name)
        yield f"  {name:<12} {iso(at) if at else '-'}"
    yield f"  {'energy':<12} {kwh(session.energy_wh)} kWh, charging {session.charging_time}, idle {session.idle_time}"
    if session.flags:
        yield f"  {'flags':<12} {' '.join(sorted(session.flags))}"
    if session.details.get("review"):
        yield f"  {'review':<12} {session.details['review']}"
    if session.bill is None:
        yield f"  no price     {session.tariff_reason}".rstrip()
    else:
        for line in session.bill.lines:
            amount = f"{line.quantity:f} {line.unit} x {line.unit_price:f} = {line.amount.excl_vat:f}"
            yield f"  {line.dimension:<12} {amount}"
        untaxed = f"{session.bill.total.excl_vat:f} without tax"
        yield f"  {'total':<12} {_price(session)} ({untaxed}), {session.tariff_reason}"
    for event in case.events:
        yield f"  {iso(event.at)} {event.actor}: {event.action}, {event.before} -> {event.after} ({event.reason})"
    for cdr in case.cdrs:
        sent = f"export {cdr.export}" if cdr.export is not None else "waits for the next export"
        yield f"  CDR {cdr.id} (OCPI {cdr.ocpi}, {sent}){f', takes back {cdr.credits}' if cdr.credits else ''}"
    if case.proposal is not None:
        proposed = case.proposal.session
        said = f"{kwh(proposed.energy_wh)} kWh" if proposed else "no such session"
        yield f"  {iso(case.proposal.at)} later readings say: {said}; decide with `laddvakt sessions review`"
