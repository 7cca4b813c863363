"""Lines are read in two ways, by columns and with care. Nobody must be able to tell which."""

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.ingest import plain
from monitor.ingest.line_protocol import parse, parse_carefully
from monitor.ingest.syntax import split
from monitor.units import to_us

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

words = st.sampled_from(
    ["s", "x", "1", "Malmö", r"a\ b", r"a\,b", r"a\=b", r"a\b", 'q"q', '"q"', "#", "", r"a\\", "\t", "\r"]
)
tags = st.sampled_from(["site", "station", "connector", "event", "host", r"h\ t"])
measurements = st.sampled_from(
    ["meter"] * 4 + ["status", "transaction", "link", "weather", r"wea\ ther", "", "# meter"]
)
texts = st.sampled_from(['"Charging"', '"start"', '"boot"', '""', '"a b,c=d"', r'"say \"hi\""', r'"a\\"', '"a\nb"',
                         '"open', 'x"y"', '"a"b'])  # fmt: skip
plain_numbers = st.sampled_from(["1", "1.5", "-2e3", "7i", "-7i", "7u", "+1", ".5", "5.", "t", "true"])
strange_numbers = st.sampled_from(["-7u", "1.5i", "NaN", "inf", "1e400", "0x1", "i", "1_0", "9007199254740993i", "12e",
                                   "infinity", "１", "", " 1"])  # fmt: skip
numbers = st.one_of(plain_numbers, strange_numbers)
fields = st.sampled_from(["power_w", "soc", "session", "status", "info", "event", "interval_s", "colour", r"co\,lour",
                          "meter_wh", ""])  # fmt: skip
times = st.sampled_from(["", " 1777636800", " 0", " -1", " 1777640000", " 99999999999999999999", " 1.5", " x",
                         " 9223372036854775807", "  1777636800 "])  # fmt: skip
assignments = st.tuples(
    fields, st.one_of(texts, numbers, st.floats(allow_nan=False, allow_infinity=False).map(repr))
).map("=".join)
station = ",site=s,station=x"
places = st.one_of(
    st.sampled_from([station, f"{station},connector=1", f"{station},connector=1,event=start"]),
    st.lists(st.tuples(tags, words).map("=".join), max_size=4).map(lambda each: "".join(f",{tag}" for tag in each)),
)
lines = st.one_of(
    st.tuples(measurements, places, st.lists(assignments, min_size=1, max_size=3).map(",".join), times).map(
        lambda part: f"{part[0]}{part[1]} {part[2]}{part[3]}"),
    st.text(st.sampled_from('meter,= "\\\n\r#1s'), max_size=12),
)  # fmt: skip
bodies = st.tuples(st.lists(lines, max_size=5), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", "\\"])).map(
    lambda part: part[1].join(part[0]) + part[2])  # fmt: skip


def outcome(tables, rejected, unknown):
    return (
        {name: (table.column_names, table.to_pylist()) for name, table in tables.items() if table.num_rows},
        rejected,
        dict(unknown),
    )


@example(body="link,site=s,station=x colour=NaN,colour=1")
@settings(max_examples=300, deadline=None)
@given(body=bodies)
def test_both_ways_give_the_same(body):
    fast = parse(body.encode(), "s", NOON)
    careful = parse_carefully(split(body.encode()), "s", to_us(NOON))
    tables = {name: table.drop_columns([plain.LINE]) for name, table in careful.tables.items()}

    assert outcome(fast.batch.tables, fast.rejected, fast.unknown) == outcome(tables, careful.rejected, careful.unknown)


def test_ordinary_bodies_are_read_by_columns():
    """Else the test above would compare the careful reader with itself, and ingest would be slow."""
    body = (
        'meter,site=Malmö\\ C,station=x,connector=1 power_w=1.5,soc=7i,session="a \\"b\\"",phases=3 1777636800\r\n'
        'status,site=s,station=x,connector=1 status="Faulted",info="two\nlines" 1777636800\n\n'
        'transaction,site=s,station=x,connector=1,event=start,host=a session="1",colour=t\n'
        'link,site=s,station=x event="boot" 0\nweather,a=b f=1'
    )
    easy = plain.read_columns(body.encode(), "s", to_us(NOON))

    assert easy is not None
    assert easy.others == []
    assert set(easy.tables) == {"meter", "status", "transaction", "link"}


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60))
def test_no_bytes_break_it(body):
    parse(body, "ns", NOON)
