"""Every escape of the format, as InfluxDB resolves it."""

import pytest

T = 1_777_636_800  # noon


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"malmo", "malmo"),
        (r"Malmö\ Central", "Malmö Central"),
        (r"a\,b", "a,b"),
        (r"a\=b", "a=b"),
        (r"\ ", " "),
        (r"a\b", r"a\b"),
        (r"a\nb", r"a\nb"),
        (r"a\\b", r"a\\b"),
        (r"a\\\,b", r"a\\,b"),
        (r"a\"b", r"a\"b"),
        ('"quoted"', '"quoted"'),
        ('it"s', 'it"s'),
        ("#1", "#1"),
        ("充电站😀", "充电站😀"),
    ],
)
def test_a_tag_value(read, rows, written, meant):
    parsed = read(f"meter,site={written},station={written},connector=1 power_w=1 {T}\n")

    assert parsed.rejected == ()
    [row] = rows(parsed, "meter")
    assert (row["site"], row["station"], row["power_w"]) == (meant, meant, 1.0)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a b,c=d #e", "a b,c=d #e"),
        (r"say \"hi\"", 'say "hi"'),
        (r"a\\b", r"a\b"),
        (r"ends in \\", "ends in \\"),
        (r"\\\"", r"\""),
        (r"a\nb", r"a\nb"),
        (r"a\,b\ c\=d", r"a\,b\ c\=d"),
        ("two\nlines", "two\nlines"),
        ("two\r\nlines", "two\r\nlines"),
        ("\n\n", "\n\n"),
        ("meter,site=x,station=y,connector=1 power_w=9", "meter,site=x,station=y,connector=1 power_w=9"),
        ("\nmeter,site=x,station=y,connector=1 power_w=9\n", "\nmeter,site=x,station=y,connector=1 power_w=9\n"),
        ('{\\"a\\": [1, 2]}', '{"a": [1, 2]}'),
    ],
)
def test_a_text_field(read, rows, written, meant):
    place = "site=s,station=x,connector=1"
    parsed = read(f'status,{place} info="{written}",status="Faulted" {T}\nmeter,{place} soc=1 {T}')

    assert parsed.rejected == ()
    [row] = rows(parsed, "status")
    assert (row["info"], row["status"], row["time_us"]) == (meant, "Faulted", T * 1_000_000)
    assert len(rows(parsed, "meter")) == 1


def test_escapes_in_names_that_nobody_knows(read):
    meter = 'meter,site=s,station=x,connector=1,h\\ t=1 f\\,g="x",soc=1'
    parsed = read(f"wea\\,ther\\ x,a\\=b=c f=1\n{meter}")

    assert dict(parsed.unknown) == {"wea,ther x": 1, "meter.f,g": 1, "meter,h t": 1}


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1.0), ("1.", 1.0), (".5", 0.5), ("-1.5", -1.5), ("+1.5", 1.5), ("1e3", 1000.0), ("1.5E-3", 0.0015),
     ("-0", 0.0), ("7i", 7.0), ("-7i", -7.0), ("7u", 7.0), ("0.1", 0.1), ("123456789012", 123456789012.0)],
)  # fmt: skip
def test_a_number(read, rows, written, value):
    [row] = rows(read(f"meter,site=s,station=x,connector=1 energy_wh={written} {T}"), "meter")
    assert row["energy_wh"] == value


@pytest.mark.parametrize("boolean", ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"])
def test_booleans_are_read_though_nothing_known_is_one(read, boolean):
    parsed = read(f"meter,site=s,station=x,connector=1 soc=1,plugged={boolean} {T}")

    assert parsed.rejected == ()
    assert parsed.unknown == {"meter.plugged": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n", "", "\n\n \n\t\n", "  \n", " \r\n"])
def test_line_ends_and_blanks(read, rows, end):
    line = f"meter,site=s,station=x,connector=1 soc=1 {T}"
    parsed = read(f"{line}{end}{line}{end}" if "\n" in end else line)

    assert parsed.rejected == ()
    assert {(row["soc"], row["time_us"]) for row in rows(parsed, "meter")} == {(1.0, T * 1_000_000)}


def test_comments_and_blank_lines_count_as_lines(read, rows):
    body = f'# a comment, with "one quote\n\n   # soc="2\nmeter,site=s,station=x,connector=1 soc=1 {T}\nbad\n#'
    parsed = read(body)

    assert len(rows(parsed, "meter")) == 1
    assert [rejected.line for rejected in parsed.rejected] == [5]


def test_line_breaks_in_text_count_as_lines(read):
    parsed = read(f'status,site=s,station=x,connector=1 status="Faulted",info="a\nb" {T}\nbad')

    assert [rejected.line for rejected in parsed.rejected] == [3]


def test_spaces_between_the_parts(read, rows):
    parsed = read(f"  meter,site=s,station=x,connector=1   soc=1   {T}  ")

    assert rows(parsed, "meter")[0]["time_us"] == T * 1_000_000
