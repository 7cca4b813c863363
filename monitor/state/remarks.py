"""Comments and verdicts on alerts. Each is written with its entry in the audit log; no tick touches them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from monitor.alerts.remarks import Comment, Judgement, Tally, Verdict
from monitor.errors import InputError
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.response_tables import comments, verdicts
from monitor.state.tables import alerts


class RemarkStore:
    """What people noted about the alerts of one state database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def comment(self, alert: int, text: str, *, by: str, at: datetime) -> Comment:
        """Note something about an alert, active or not; raises InputError when there is none, or nothing is said."""
        said = text.strip()
        if not said:
            raise InputError("a comment needs a text")
        with self._database.begin() as tx:
            _locked(tx, alert)
            row = {"alert": alert, "by": by, "at_us": at, "text": said}
            made = tx.execute(insert(comments).returning(comments), row).one()
            audit.record(tx, at, by, "alert.comment", str(alert), {"comment": made.id})
        return Comment(made.id, made.alert, made.by, made.at_us, made.text)

    def comments(self, alert: int) -> Sequence[Comment]:
        """In order."""
        chosen = select(comments).where(comments.c.alert == alert).order_by(comments.c.id)
        with self._database.read() as connection:
            return [Comment(row.id, row.alert, row.by, row.at_us, row.text) for row in connection.execute(chosen)]

    def judge(self, alert: int, verdict: Verdict, *, by: str, at: datetime, comment: str = "") -> Judgement:
        """Say whether an alert was right; raises InputError while it is active, or when it never fired."""
        said = {"verdict": verdict, "by": by, "at_us": at, "comment": comment}
        with self._database.begin() as tx:
            found = _locked(tx, alert)
            if found.state != "resolved":
                raise InputError("alert %(alert)s is not over yet: judge it when it has resolved", alert=alert)
            if found.firing_us is None:
                raise InputError("alert %(alert)s never fired: there is nothing to judge", alert=alert)
            before = tx.execute(select(verdicts.c.verdict).where(verdicts.c.alert == alert)).scalar()
            if before is None:
                tx.execute(insert(verdicts).values(alert=alert, **said))
            else:
                tx.execute(update(verdicts).where(verdicts.c.alert == alert).values(**said))
            details = {"verdict": verdict, "before": before, "comment": comment}
            audit.record(tx, at, by, "alert.verdict", str(alert), details)
        return Judgement(alert, verdict, by, at, comment)

    def judgement(self, alert: int) -> Judgement | None:
        """The verdict on an alert; None while nobody has given one."""
        with self._database.read() as connection:
            row = connection.execute(select(verdicts).where(verdicts.c.alert == alert)).first()
        return Judgement(row.alert, row.verdict, row.by, row.at_us, row.comment) if row else None

    def tallies(self) -> Mapping[str, Tally]:
        """How often each verdict was given, by rule; rules without any are left out."""
        counted = select(alerts.c.rule, verdicts.c.verdict, func.count()).join(alerts, alerts.c.id == verdicts.c.alert)
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as connection:
            for rule, verdict, count in connection.execute(counted.group_by(alerts.c.rule, verdicts.c.verdict)):
                found.setdefault(rule, {})[verdict] = count
        return {rule: Tally(**counts) for rule, counts in found.items()}


def _locked(tx: Connection, alert: int) -> Row[Any]:
    """The row of an alert, which stays as it is until the end of the transaction."""
    found = tx.execute(select(alerts).where(alerts.c.id == alert).with_for_update()).first()
    if found is None:
        raise InputError("alert %(alert)s does not exist", alert=alert)
    return found
