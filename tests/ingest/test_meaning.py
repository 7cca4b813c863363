"""What lines mean under the schema: times, clocks, what is refused and in which words, what is counted."""

from datetime import timedelta

import pytest

from monitor.units import to_us

T = 1_777_636_800  # noon
METER = "meter,site=s,station=x,connector=1"
STATUS = "status,site=s,station=x,connector=1"
LINK = "link,site=s,station=x"
TRANSACTION = "transaction,site=s,station=x,connector=1,event=start"


@pytest.mark.parametrize(("precision", "factor"), [("ns", 10**9), ("us", 10**6), ("ms", 1000), ("s", 1)])
def test_a_time_in_each_precision(read, rows, noon, precision, factor):
    [row] = rows(read(f"{METER} soc=1 {T * factor}", precision), "meter")
    assert row["time_us"] == to_us(noon)


def test_minutes_and_hours_of_influxdb_1(read, rows, noon):
    assert rows(read(f"{METER} soc=1 {T // 60}", "m"), "meter")[0]["time_us"] == to_us(noon)
    assert rows(read(f"{METER} soc=1 {T // 3600}", "h"), "meter")[0]["time_us"] == to_us(noon)


def test_nanoseconds_are_cut_to_microseconds(read, rows):
    [row] = rows(read(f"{METER} soc=1 1777636800000001999", "ns"), "meter")
    assert row["time_us"] == T * 1_000_000 + 1


def test_a_line_without_time_gets_the_moment_of_its_arrival(read, rows, noon):
    parsed = read(f"{METER} soc=1")

    assert rows(parsed, "meter")[0]["time_us"] == to_us(noon)
    assert parsed.batch.received_at == noon


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", None),
        ("meter", "there are no fields"),
        (f"{METER}", "there are no fields"),
        (",site=s soc=1", "the measurement is missing"),
        (f"{METER},empty= soc=1", "tag 'empty= soc=1' is not name=value"),
        (f"{METER},site=t soc=1", "tag 'site' is given twice"),
        ("meter,site=s,station=x soc=1", "tag 'connector' is missing; meter needs site, station, connector"),
        ("link,site=s event=boot", "neither a number nor a boolean nor text in double quotes"),
        ('link,site=s event="boot"', "tag 'station' is missing; link needs site, station"),
        ('transaction,site=s,station=x,connector=1 session="1"', "tag 'event' is missing"),
        (f'{TRANSACTION.replace("start", "stopp")} session="1"', "event 'stopp' is not known; did you mean 'stop'?"),
        (f'{LINK} event="hartbeat"', "event 'hartbeat' is not known; did you mean 'heartbeat'?"),
        (f'{STATUS} status="Chargin"', "status 'Chargin' is not known; did you mean 'Charging'?"),
        (f'{STATUS} status="Offline"', "status 'Offline' is not known"),
        (f'{METER} power_w="11 kW"', "field 'power_w' is a number; text '11 kW' came"),
        (f"{METER} power_w=t", "field 'power_w' is a number; a boolean came"),
        (f"{METER} session=42i", "field 'session' is text, in double quotes; the number 42 came"),
        (f"{METER} power_w=NaN", "field 'power_w' is NaN; leave a field out when it has no value"),
        (f"{METER} power_w=-inf", "field 'power_w' is -inf; leave a field out"),
        (f"{METER} power_w=1e400", "field 'power_w' is inf, more than can be stored"),
        (f"{METER} power_w=9007199254740993i", "more than can be stored"),
        (f"{METER} power_w=1.5i", "field 'power_w' is '1.5i', neither"),
        (f"{METER} power_w=-1u", "field 'power_w' is '-1u', neither"),
        (f"{METER} power_w=0x10", "field 'power_w' is '0x10', neither"),
        (f"{METER} power_w=1_0", "field 'power_w' is '1_0', neither"),
        (f"{METER} power_w=1,", "field '' is not name=value"),
        (f"{METER} power_w", "field 'power_w' is not name=value"),
        (f"{METER} power_w= {T}", "is not name=value"),
        (f'{METER} session="open', "has a text that does not end at its closing quote"),
        (f'{METER} session="a"b', "has a text that does not end at its closing quote"),
        (f"{METER} soc=1 noon", "'noon' is not a time, which is a whole number"),
        (f"{METER} soc=1 1.5", "'1.5' is not a time"),
        (f"{METER} soc=1 {T} {T}", "is not a time"),
        (f"{METER} soc=1 1262303999", "before 2010"),
        (f"{METER} soc=1 -1", "before 2010"),
        (f'{STATUS} status="Charging" 0', "before 2010"),
        (f"{METER} soc=1 {T}000000000", "after 2262: is the precision"),
        (f"{METER} soc=1 99999999999999999999999", "after 2262"),
        ("weather f=x", "neither a number nor"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_kept(read, rows, line, message):
    parsed = read(f"{METER} soc=1 {T}\n{line}\n{METER} soc=2 {T + 1}")

    assert [row["soc"] for row in rows(parsed, "meter")] == [1.0, 2.0]
    if message is None:
        assert parsed.rejected == ()
    else:
        [rejected] = parsed.rejected
        assert rejected.line == 2
        assert message in rejected.message


def test_bytes_that_are_no_utf8_spoil_their_line_alone(read, rows):
    parsed = read(
        METER.encode() + b" soc=1\nmeter,site=Malm\xf6,station=x,connector=1 soc=2\n" + METER.encode() + b" soc=3"
    )

    assert [row["soc"] for row in rows(parsed, "meter")] == [1.0, 3.0]
    assert [(rejected.line, rejected.message) for rejected in parsed.rejected] == [(2, "is not UTF-8")]


def test_an_open_quote_takes_no_other_line_with_it(read, rows):
    parsed = read(f'{METER} soc=1 {T}\n{METER} session="open {T}\n{METER} soc=2 {T}')

    assert [row["soc"] for row in rows(parsed, "meter")] == [1.0, 2.0]
    assert [rejected.line for rejected in parsed.rejected] == [2]


@pytest.mark.parametrize("seconds", [0, -1, 1262303999, T + 601, T * 10**9, -(10**30)])
@pytest.mark.parametrize(
    ("line", "measurement"), [(f'{TRANSACTION} session="1"', "transaction"), (f'{LINK} event="boot"', "link")]
)
def test_arrival_stands_in_for_a_clock_that_cannot_be(*, read, rows, noon, line, measurement, seconds):
    parsed = read(f"{line} {seconds}")

    [row] = rows(parsed, measurement)
    assert row["time_us"] == to_us(noon)
    assert row["claimed_us"] == max(-(2**63), min(seconds * 1_000_000, 2**63 - 1))


@pytest.mark.parametrize("seconds", [1262304000, T - 86400 * 400, T, T + 600])
def test_a_clock_that_can_be_is_believed(read, rows, seconds):
    [row] = rows(read(f'{TRANSACTION} session="1" {seconds}'), "transaction")

    assert row["time_us"] == seconds * 1_000_000
    assert "claimed_us" not in row


def test_the_future_is_no_reason_to_refuse_a_meter_row(read, rows, noon):
    later = round((noon + timedelta(days=1)).timestamp())
    assert len(rows(read(f"{METER} soc=1 {later}"), "meter")) == 1


def test_unknown_names_are_counted_and_what_is_known_is_kept(read, rows):
    parsed = read(f"""
weather,site=s temperature=1
weather,site=s temperature=2
{METER},host=a soc=1,colour="red" {T}
{METER},host=a colour="red" {T}
meter,site=s,station=x colour="red"
""")

    assert dict(parsed.unknown) == {"weather": 2, "meter.colour": 2, "meter,host": 2}
    assert rows(parsed, "meter") == [
        {"site": "s", "station": "x", "connector": "1", "time_us": T * 1_000_000, "soc": 1.0}
    ]
    assert [rejected.line for rejected in parsed.rejected] == [6]


def test_rows_keep_the_order_of_their_lines_however_each_was_read(read, rows):
    lines = [f"{METER} soc={n} {T}" if n % 2 else f"  {METER}  soc={n}  {T}" for n in range(10)]

    assert [row["soc"] for row in rows(read("\n".join(lines)), "meter")] == [float(n) for n in range(10)]


def test_a_field_written_twice_has_its_last_value(read, rows):
    assert rows(read(f"{METER} soc=1,soc=2 {T}"), "meter")[0]["soc"] == 2.0


def test_an_empty_body_is_an_empty_batch(read):
    for body in ("", "\n", "# nothing\n"):
        parsed = read(body)
        assert (parsed.batch.rows, parsed.rejected, dict(parsed.unknown)) == (0, (), {})
