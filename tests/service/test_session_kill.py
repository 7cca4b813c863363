"""kill -9 in mid-session: after the restart the session goes on as if nothing had happened."""

from datetime import UTC, datetime, timedelta

START_WH, STEP_WH = 50_000.0, 250.0
STEPS = 18
"""Readings 10 s apart, of 90 kW: the session is over within five minutes, so that no row counts as late."""


def line(at: datetime, measurement: str, fields: str, tags: str = "") -> str:
    return f"{measurement},site=lund,station=l-1,connector=1{tags} {fields} {round(at.timestamp())}"


def told(start: datetime) -> list[list[str]]:
    """What the charger says in four pieces: a kill comes after each but the last."""
    session = 'session="k-1"'
    begin = [
        line(start, "status", 'status="Preparing"'),
        line(start + timedelta(seconds=5), "transaction", f"{session},meter_wh={START_WH}", ",event=start"),
        line(start + timedelta(seconds=5), "status", 'status="Charging"'),
    ]
    values = [
        line(
            start + timedelta(seconds=5 + 10 * step),
            "meter",
            f"{session},power_w=90000,energy_wh={START_WH + step * STEP_WH}",
        )
        for step in range(1, STEPS + 1)
    ]
    stopped = start + timedelta(seconds=5 + 10 * STEPS)
    end = [
        line(stopped, "transaction", f"{session},meter_wh={START_WH + STEPS * STEP_WH}", ",event=stop"),
        line(stopped, "status", 'status="Finishing"'),
        line(stopped + timedelta(seconds=20), "status", 'status="Available"'),
    ]
    return [begin + values[:5], values[5:12], values[12:], end]


def wait_for(service, energy_wh, *, state="open"):
    """The only session, once it has this energy and state."""

    def there():
        found = service.items("/api/v1/sessions")
        assert len(found) <= 1
        return next((each for each in found if (each["energy_wh"], each["state"]) == (energy_wh, state)), None)

    return service.eventually(there, f"a session of {energy_wh} Wh, {state}", seconds=60)


def test_a_session_goes_on_after_each_kill(service, monkeypatch):
    monkeypatch.setenv("LADDVAKT_SESSIONS__GRACE", "5s")
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=4 * 60)
    first, second, third, end = told(start)
    service.start()
    service.write("\n".join(first))
    known = wait_for(service, 5 * STEP_WH)
    service.kill()

    service.start()
    # Nothing new has come: what was known is there, and not doubled.
    assert wait_for(service, 5 * STEP_WH)["id"] == known["id"]
    service.write("\n".join(second))
    # Acknowledged, but perhaps in no tick yet.
    service.kill()

    service.start()
    wait_for(service, 12 * STEP_WH)
    service.write("\n".join(third))
    wait_for(service, STEPS * STEP_WH)
    service.kill()

    service.start()
    service.write("\n".join(end))
    session = wait_for(service, STEPS * STEP_WH, state="priced")
    assert session["id"] == known["id"]
    # On a machine that is so slow that five minutes have passed, the last rows did come late.
    assert set(session["flags"]) <= {"late"}
    assert session["charging_s"] == 10 * STEPS
    assert session["idle_s"] == 20
    assert session["peak_power_w"] == 90_000
    moments = [start + timedelta(seconds=shift) for shift in (0, 5, 185, 205)]
    assert [datetime.fromisoformat(session[name]) for name in ("plug_in", "started", "stopped", "plug_out")] == moments
    assert session["total_excl_vat"] == 4 * STEPS * STEP_WH / 1000
