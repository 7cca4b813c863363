"""`laddvakt sessions user`: what is kept of one person, given out or erased."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from monitor.cells import plain
from monitor.cli.sessions.listing import whole
from monitor.cli.sessions.office import Office, opened
from monitor.cli.settings import config_option
from monitor.cli.terminal import by_option
from monitor.config import Settings
from monitor.errors import InputError
from monitor.ingest.identity import identities
from monitor.readings import running, scanning
from monitor.readings.opening import open_store
from monitor.readings.schema import NAMES_OF_USERS, TRANSACTION
from monitor.state.review_queue import ReviewStore
from monitor.state.session_users import erase_user, sessions_of
from monitor.tariffs import exact_json


@click.group()
def user() -> None:
    """What is kept of one user: TOKEN is the token itself (RFID number, account), its hash as pages show it, or
    the contract or authorisation reference that CDRs name.
    """


@user.command()
@click.argument("token")
@config_option
def export(*, token: str, config_file: Path | None) -> None:
    """Everything that is kept of a user as one JSON document: sessions with their bills, CDRs, starts and stops."""
    with opened(config_file) as office:
        tokens = _tokens(office.settings, token)
        with office.database.read() as connection:
            ids = sessions_of(connection, tokens)
        store = ReviewStore(office.database)
        cases = [case for name in ids if (case := store.case(name)) is not None]
        found = [{**whole(case), "cdrs": [exact_json.loads(cdr.content) for cdr in case.cdrs]} for case in cases]
        rows = list(_readings(office.settings, tokens))
    if not found and not rows:
        raise InputError("nothing is kept of this user")
    click.echo(exact_json.dumps({"user": tokens[-1], "sessions": found, "transactions": rows}))


@user.command()
@click.argument("token")
@click.option("--unbilled", is_flag=True, help="also of sessions that are not exported yet: nobody is billed for them")
@by_option
@config_option
def erase(*, token: str, unbilled: bool, actor: str, config_file: Path | None) -> None:
    """Erase who charged, from sessions, CDRs and readings; energy, times and sums stay. It cannot be undone.

    A run that was cut short is simply done again.
    """
    with opened(config_file) as office:
        tokens = _tokens(office.settings, token)
        count = erase_user(office.database, tokens, at=office.now, actor=actor, unbilled=unbilled)
        rows = _erase_readings(office, tokens)
    click.echo(f"erased from {count} sessions and {rows} readings")


def _tokens(settings: Settings, token: str) -> Sequence[str]:
    """What may be stored of a token: itself, where others write it to InfluxDB, and its hash."""
    if not token.strip():
        raise InputError("the token is empty")
    return list(dict.fromkeys((token, identities(settings.privacy, settings.paths.var).stored(token))))


def _readings(settings: Settings, tokens: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if settings.store.kind == "embedded" and not settings.readings_file.exists():
        return
    with scanning.source(settings) as source:
        for batch in source.scan(TRANSACTION, None, None):
            for row in batch.to_pylist():
                if any(row[name] in tokens for name in NAMES_OF_USERS):
                    yield {name: plain(value) for name, value in row.items() if value is not None}


def _erase_readings(office: Office, tokens: Sequence[str]) -> int:
    """Through the running service, which has the store open; else in the store itself."""
    settings = office.settings
    service = running.find(settings.readings_file)
    if service is not None:
        body = json.dumps({"tokens": list(tokens)}).encode()
        with service.ask("/api/v1/users/erase", body, {"Content-Type": "application/json"}, timeout_s=600) as answer:
            return int(json.load(answer)["rows"])
    if settings.store.kind == "embedded" and not settings.readings_file.exists():
        return 0
    with closing(open_store(settings, office.now)) as store:
        return store.erase_user(tokens)
