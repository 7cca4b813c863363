from datetime import timedelta
from pathlib import Path

import pytest

from monitor import config, register
from monitor.errors import FileProblems
from monitor.ids import Place
from monitor.units import duration_text


def test_without_a_file_the_defaults_hold():
    settings = config.load(environment={})
    assert settings.evaluate.interval == timedelta(seconds=30)
    assert settings.listen_address == ("127.0.0.1", 8080)


def test_the_environment_wins_over_the_file_and_paths_count_from_the_file(tmp_path):
    (tmp_path / "laddvakt.toml").write_text('[mail]\nhost = "a.example"\nport = 25\n[paths]\nrules = "my-rules"\n')
    settings = config.load(tmp_path / "laddvakt.toml", {"LADDVAKT_MAIL__PORT": "2525", "HOME": "/x"})
    assert (settings.mail.host, settings.mail.port) == ("a.example", 2525)
    assert settings.paths.rules == tmp_path / "my-rules"


def test_a_secret_is_read_from_the_file_that_its_key_names(tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "laddvakt.toml").write_text('[mail]\npassword_file = "secret"\n')
    assert config.load(tmp_path / "laddvakt.toml", {}).mail.password == "s3cret"
    assert config.load(environment={"LADDVAKT_MAIL__PASSWORD_FILE": str(tmp_path / "secret")}).mail.password == "s3cret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[mail]\nhots = "x"\n', "laddvakt.toml:2:1: unknown setting 'mail.hots'; did you mean 'host'?"),
        ('mial = {host = "x"}\n', "laddvakt.toml:1:1: unknown setting 'mial'; did you mean 'mail'?"),
        (
            '[evaluate]\ninterval = "soon"\n',
            "laddvakt.toml:2:1: evaluate.interval: 'soon' is not a duration; write for example 30s, 10m, 2h or 1h30m",
        ),
        ("[web]\nthreads = 1\n", "laddvakt.toml:2:1: web.threads: Input should be greater than or equal to 8"),
        ("[web\n", "laddvakt.toml:1:5: Expected ']' at the end of a table declaration"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path, text, expected):
    (tmp_path / "laddvakt.toml").write_text(text)
    with pytest.raises(FileProblems) as caught:
        config.load(tmp_path / "laddvakt.toml", {})
    assert str(caught.value).removeprefix(f"{tmp_path}/") == expected


def test_an_unknown_setting_of_the_environment_is_an_error_too():
    with pytest.raises(FileProblems, match="unknown setting 'mail.hots'; did you mean 'host'"):
        config.load(environment={"LADDVAKT_MAIL__HOTS": "x"})
    with pytest.raises(FileProblems, match="unknown setting 'mial'"):
        config.load(environment={"LADDVAKT_MIAL__HOST": "x"})


@pytest.mark.parametrize("setting", list(config.every_setting()), ids=lambda setting: setting.variable)
def test_every_setting_can_be_given_in_the_environment(setting):
    if setting.default == {}:
        settings = config.load(None, {f"{setting.variable}__STATION": "2"})
        assert _at(settings, setting.path)["station"] in {"2", 2.0}
        return
    written = [str(each) for each in setting.default] if isinstance(setting.default, list | tuple) else None
    text = duration_text(setting.default) if isinstance(setting.default, timedelta) else str(setting.default)
    given = {setting.variable: ",".join(written) if written is not None else text}
    assert _at(config.load(None, given), setting.path) == setting.default


def _at(settings, path):
    for part in path:
        settings = getattr(settings, part)
    return settings


@pytest.mark.parametrize(
    "setting", [each for each in config.every_setting() if each.secret], ids=lambda setting: setting.variable
)
def test_every_secret_can_stand_in_a_file_of_its_own(tmp_path, setting):
    (tmp_path / "secret").write_text("https://s3cret.example\n")
    settings = config.load(None, {f"{setting.variable}_FILE": str(tmp_path / "secret")})
    assert _at(settings, setting.path) == "https://s3cret.example"


def test_every_name_of_a_secret_is_marked_as_one():
    secret = {".".join(each.path) for each in config.every_setting() if each.secret}
    sounding = {
        ".".join(each.path)
        for each in config.every_setting()
        if each.path[-1] in {"token", "password", "key", "secret"} or "password" in each.field.description
    }
    assert sounding - secret == {"web.admin_password_file"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"LADDVAKT_MAIL_HOST": "x"},
            (
                "environment:1:1: unknown setting LADDVAKT_MAIL_HOST; did you mean 'LADDVAKT_MAIL__HOST'?; "
                "two underscores separate section and key"
            ),
        ),
        (
            {"LADDVAKT_MAPPING__METER__FEILDS__POWER_W": "kw"},
            (
                "environment:1:1: unknown setting 'mapping.meter.feilds'; did you mean 'fields'? "
                "(set by LADDVAKT_MAPPING__METER__FEILDS__POWER_W)"
            ),
        ),
        (
            {"LADDVAKT_MAIL__PORT": "smtp"},
            (
                "environment:1:1: mail.port: Input should be a valid integer, unable to parse string as an integer "
                "(set by LADDVAKT_MAIL__PORT)"
            ),
        ),
        (
            {"LADDVAKT_MAIL__PASSWORD": "a", "LADDVAKT_MAIL__PASSWORD_FILE": "/b"},
            (
                "environment:1:1: mail.password and mail.password_file are both given; leave one of them "
                "(set by LADDVAKT_MAIL__PASSWORD_FILE)"
            ),
        ),
        (
            {"LADDVAKT_MAIL__PASSWORD_FILE": "/none/such"},
            (
                "environment:1:1: mail.password_file: /none/such: No such file or directory "
                "(set by LADDVAKT_MAIL__PASSWORD_FILE)"
            ),
        ),
    ],
    ids=["one underscore", "nested", "not a number", "twice", "no such file"],
)
def test_a_mistake_in_the_environment_names_the_variable(tmp_path, environment, expected):
    (tmp_path / "laddvakt.toml").write_text("")
    with pytest.raises(FileProblems) as caught:
        config.load(tmp_path / "laddvakt.toml", environment)
    assert str(caught.value) == expected


def test_what_kubernetes_sets_for_a_service_of_our_name_is_no_setting():
    given = {
        "LADDVAKT_SERVICE_HOST": "10.0.0.1",
        "LADDVAKT_SERVICE_PORT_HTTP": "8080",
        "LADDVAKT_PORT": "tcp://10.0.0.1:8080",
        "LADDVAKT_PORT_8080_TCP_ADDR": "10.0.0.1",
        "LADDVAKT_WEB_PORT": "tcp://10.0.0.1:8080",
    }
    assert config.load(None, given) == config.Settings()


def test_the_environment_wins_however_a_secret_is_given(tmp_path):
    (tmp_path / "secret").write_text("file")
    (tmp_path / "laddvakt.toml").write_text('[mail]\npassword_file = "gone"\n[influxdb]\ntoken = "old"\n')
    given = {"LADDVAKT_MAIL__PASSWORD": "plain", "LADDVAKT_INFLUXDB__TOKEN_FILE": "secret"}
    settings = config.load(tmp_path / "laddvakt.toml", given)
    assert (settings.mail.password, settings.influxdb.token) == ("plain", "file")


def test_all_mistakes_of_file_and_environment_come_at_once(tmp_path):
    (tmp_path / "laddvakt.toml").write_text('[mail]\nhots = "x"\npassword = "a"\npassword_file = "b"\n')
    with pytest.raises(FileProblems) as caught:
        config.load(tmp_path / "laddvakt.toml", {"LADDVAKT_WEB_LISTEN": "x", "LADDVAKT_WEB__THREADS": "1"})
    assert {(Path(each.file).name, each.line, each.code) for each in caught.value.problems} == {
        ("environment", 1, "unknown-key"),
        ("laddvakt.toml", 4, "twice"),
        ("environment", 1, "greater-than-equal"),
        ("laddvakt.toml", 2, "unknown-key"),
    }


SITES = """
sites:
  malmo:
    zone: Europe/Stockholm
    offline_after: 10m
    stations:
      m-1:
        max_power: 300 kW
        connectors:
          1: {current: DC, rated: 150 kW, evse: A}
          2: {current: DC, rated: 50 kW, evse: A}
          3: {current: AC, rated: 22 kW, phases: 3, retired: true}
      m-2: {offline_after: 1h}
    power_groups: {cabinet: {max_power: 200 kW, members: [m-1]}}
"""


@pytest.fixture
def sites(tmp_path):
    (tmp_path / "sites.yaml").write_text(SITES)
    return register.load(tmp_path / "sites.yaml", "Europe/Oslo")


def test_the_register_knows_what_is_in_service_and_what_it_can(sites):
    assert [place.connector for place, _ in sites] == ["1", "2"]
    row = next(sites.rows())
    assert (row["evse"], row["rated_w"], row["group_max_w"], row["offline_after_s"]) == ("A", 150_000, 200_000, 600)


def test_the_nearest_answer_wins_station_then_site_then_default(sites):
    assert sites.offline_after(Place("malmo", "m-2", "1")) == timedelta(hours=1)
    assert sites.offline_after(Place("malmo", "m-1", "1")) == timedelta(minutes=10)
    assert sites.offline_after(Place("lund", "l-1", "1")) is None
    assert (str(sites.zone("malmo")), str(sites.zone("lund"))) == ("Europe/Stockholm", "Europe/Oslo")
    assert sites.power_group(Place("malmo", "m-1", "1")) == "malmo/cabinet"
    assert sites.power_group(Place("malmo", "m-2", "1")) == "malmo//m-2"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("rated: 150 kW", "rated: 150", "10:35: rated: 150 has no unit; write for example 150 kW"),
        ("rated: 150 kW", "rated: 150 kWh", "10:35: rated: '150 kWh' is not a power above 0; write for example 150 kW"),
        (
            "Europe/Stockholm",
            "Europe/Stokholm",
            "4:11: zone: 'Europe/Stokholm' is no IANA time zone; write for example Europe/Stockholm",
        ),
        ("vendor", "vendor", None),
        ("members: [m-1]", "members: [m-9]", "14:59: there is no station 'm-9' at malmo; did you mean 'm-2'?"),
        ("retired: true", "retierd: true", "12:53: unknown key 'retierd'; did you mean 'retired'?"),
    ],
)
def test_a_mistake_in_the_register_is_named_with_its_place(tmp_path, before, after, expected):
    path = tmp_path / "sites.yaml"
    path.write_text(SITES.replace(before, after))
    if expected is None:
        register.load(path, "Europe/Oslo")
        return
    with pytest.raises(FileProblems) as caught:
        register.load(path, "Europe/Oslo")
    assert str(caught.value).removeprefix(f"{path}:") == expected


@pytest.mark.parametrize(("written", "days"), [('"90d"', 90), ('"0s"', 0), ('""', 0)])
def test_retention_is_a_duration_or_for_ever(tmp_path, written, days):
    (tmp_path / "laddvakt.toml").write_text(f"[retention]\nmeter = {written}\n")
    retention = config.load(tmp_path / "laddvakt.toml", {}).retention
    assert (retention.meter, retention.user) == (timedelta(days=days), timedelta())


def test_a_retention_that_would_take_rows_of_today_is_refused(tmp_path):
    (tmp_path / "laddvakt.toml").write_text('[retention]\nuser = "23h"\n')
    with pytest.raises(FileProblems, match=r"retention\.user: keep a day or more, or 0s for ever"):
        config.load(tmp_path / "laddvakt.toml", {})


def test_proxies_are_listed_in_the_file_or_with_commas_in_the_environment():
    assert config.load(None, {"LADDVAKT_WEB__TRUSTED_PROXIES": "10.0.0.0/8, ::1"}).web.trusted_proxies == [
        "10.0.0.0/8",
        "::1",
    ]
    with pytest.raises(FileProblems, match="web.trusted_proxies"):
        config.load(None, {"LADDVAKT_WEB__TRUSTED_PROXIES": "proxy.example"})


def test_files_of_first_secrets_count_from_the_configuration(tmp_path):
    file = tmp_path / "laddvakt.toml"
    file.write_text('[web]\nadmin_password_file = "secrets/admin"\n')
    assert config.load(file, {}).web.admin_password_file == str(tmp_path / "secrets" / "admin")
