"""InfluxDB behind https with a certificate of an authority of one's own, both made here."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from monitor.config import InfluxDB
from monitor.errors import InputError
from monitor.readings.influx.refusal import Unusable
from monitor.readings.influx.server import InfluxServer
from monitor.readings.store import Batch
from tests import influx
from tests.conftest import missing
from tests.readings.influx.conftest import NOON

ROWS = pa.table({"site": ["s"], "station": ["x"], "connector": ["1"], "time_us": [1_000_000], "power_w": [1.0]})


class Authority:
    """Signs certificates: `file` is its own, which is what `influxdb.ca_file` names."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.file, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        _openssl("req", "-x509", *_NEW_KEY, self._key, "-out", self.file, "-days", "2", "-subj", f"/CN={name}",
                 "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def certificate(self, name: str) -> Path:
        """Of a server reached by this IP address; certificate and key in one file, as influxd takes it."""
        request, key, signed = (self._folder / f"{name}.{ending}" for ending in ("csr", "key", "crt"))
        names = self._folder / f"{name}.ext"
        names.write_text(f"subjectAltName=IP:{name}\n")
        _openssl("req", *_NEW_KEY, key, "-out", request, "-subj", "/CN=influxd")
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-days", "2",
                 "-extfile", names, "-out", signed)  # fmt: skip
        both = self._folder / f"{name}.both.pem"
        both.write_bytes(signed.read_bytes() + key.read_bytes())
        return both


_NEW_KEY = ("-newkey", "rsa:2048", "-nodes", "-keyout")


def _openssl(*arguments: str | Path) -> None:
    try:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
    except FileNotFoundError:
        missing("no openssl on PATH to make certificates with")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def settings(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    if influx.installed() is None:
        missing("no influxd 1.x on PATH (Debian: apt-get install influxdb)")
    certificate = authority.certificate("127.0.0.1")
    with influx.influxd_1(tmp_path_factory.mktemp("influxd"), certificate=certificate) as running:
        yield running.settings


def test_an_authority_of_one_s_own_is_named_in_the_settings(settings, authority):
    own = settings.model_copy(update={"ca_file": str(authority.file)})
    with closing(InfluxServer(own)) as server:
        server.write(Batch({"meter": ROWS}, NOON))
        assert server.read("meter", None, None)["power_w"].to_pylist() == [1.0]


@pytest.mark.parametrize("named", ["none", "another"])
def test_a_certificate_of_an_unknown_authority_names_the_setting(settings, tmp_path, named):
    other = "" if named == "none" else str(Authority(tmp_path, "another").file)
    wrong = settings.model_copy(update={"ca_file": other})
    with closing(InfluxServer(wrong)) as server, pytest.raises(Unusable, match=r"in influxdb\.ca_file"):
        server.connect()


def test_a_certificate_of_another_name_is_told_as_that(settings, authority):
    renamed = settings.url.replace("127.0.0.1", "localhost")
    wrong = settings.model_copy(update={"url": renamed, "ca_file": str(authority.file)})
    with closing(InfluxServer(wrong)) as server, pytest.raises(Unusable, match=r"write that name in influxdb\.url"):
        server.connect()


def test_http_where_https_is_spoken_names_the_address(settings):
    plain = settings.model_copy(update={"url": settings.url.replace("https:", "http:")})
    with closing(InfluxServer(plain)) as server, pytest.raises(Unusable, match=r"https:// in influxdb\.url"):
        server.connect()


def test_a_file_without_certificates_is_a_mistake_of_the_settings(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"influxdb\.ca_file: .*ca\.pem cannot be read as certificates"):
        InfluxServer(InfluxDB(url="https://127.0.0.1:1", ca_file=str(tmp_path / "ca.pem")))
