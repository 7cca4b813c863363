"""Guessing is slow; who knows the password gets in."""

from datetime import UTC, datetime, timedelta

from monitor.access.limits import LONGEST, REMEMBERED, Limits

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def hammer(limits: Limits, user: str, address: str, tries: int, every: timedelta) -> int:
    """How many passwords were tried of `tries` attempts, one each `every`."""
    tried = 0
    for number in range(tries):
        now = NOON + number * every
        if not limits.wait(user, address, now):
            limits.failed(user, address, now)
            tried += 1
    return tried


def test_one_address_tries_little_more_than_one_password_a_minute() -> None:
    assert hammer(Limits(), "admin", "203.0.113.9", 36_000, timedelta(seconds=0.1)) < 80  # an hour


def test_nobody_is_locked_out_for_longer_than_a_minute() -> None:
    limits = Limits()
    hammer(limits, "admin", "203.0.113.9", 36_000, timedelta(seconds=0.1))
    end = NOON + timedelta(hours=1)
    assert timedelta() < limits.wait("admin", "203.0.113.9", end) <= LONGEST
    assert not limits.wait("admin", "203.0.113.9", end + LONGEST)


def test_other_users_and_the_user_elsewhere_go_on() -> None:
    limits = Limits()
    hammer(limits, "admin", "203.0.113.9", 10, timedelta(seconds=0.1))
    assert limits.wait("admin", "203.0.113.9", NOON + timedelta(seconds=1))
    assert not limits.wait("admin", "198.51.100.1", NOON + timedelta(seconds=1))
    assert not limits.wait("anna", "203.0.113.9", NOON + timedelta(seconds=1))


def test_many_addresses_at_one_user_make_strangers_wait_and_not_a_known_browser() -> None:
    limits = Limits()
    for number in range(200):
        limits.failed("admin", f"10.0.0.{number}", NOON)
    assert limits.wait("admin", "192.0.2.1", NOON)
    assert not limits.wait("admin", "192.0.2.1", NOON, known="cookie")
    for _ in range(5):
        limits.failed("admin", "192.0.2.1", NOON, known="cookie")
    assert limits.wait("admin", "192.0.2.1", NOON, known="cookie")


def test_one_address_at_many_users_has_to_wait_whatever_the_name() -> None:
    limits = Limits()
    for number in range(20):
        limits.failed(f"user-{number}", "203.0.113.9", NOON)
    assert limits.wait("anna", "203.0.113.9", NOON)


def test_success_clears_the_user_here_and_not_the_address() -> None:
    limits = Limits()
    for number in range(20):
        limits.failed(f"user-{number}", "203.0.113.9", NOON)
    limits.succeeded("user-1", "203.0.113.9")
    assert limits.wait("user-1", "203.0.113.9", NOON)


def test_made_up_names_do_not_fill_the_memory() -> None:
    limits = Limits()
    for number in range(REMEMBERED):
        limits.failed(f"user-{number}", f"10.0.{number}", NOON)
    assert len(limits._counts) <= REMEMBERED
