"""docker/compose.yaml and what it mounts, without an engine: its schema, and that each part names what others have."""

import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyOptions
from ruamel.yaml import YAML

from monitor import config
from monitor.ingest import line_protocol
from monitor.readings.influx.mapping import all_tags
from monitor.readings.schema import MEASUREMENTS
from tests.conftest import ROOT
from tests.operate import dockerfile

FOLDER = ROOT / "docker"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TELEGRAF = tomllib.loads((FOLDER / "telegraf.conf").read_text(encoding="utf-8"))
MAY_WRITE = {"influxdb"}
"""Services whose images write to their own root file system, or start as root."""


def test_it_is_a_compose_file() -> None:
    PyOptions(apply_merge=True).from_yaml(TEXT).validate()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_confined_and_looked_after(name: str) -> None:
    service = SERVICES[name]
    assert service["image"].partition(":")[2] not in {"", "latest"}
    assert service["restart"] == "unless-stopped"
    assert "no-new-privileges:true" in service["security_opt"]
    assert service.get("read_only", False) == (name not in MAY_WRITE)
    assert (service.get("cap_drop") == ["ALL"]) == (name not in MAY_WRITE)
    assert "healthcheck" in service or dockerfile.read(FOLDER / "Dockerfile")[-1].all("HEALTHCHECK")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert set(service.get("depends_on", {})) <= set(SERVICES)


def test_no_port_is_given_twice() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports))


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (FOLDER / source).exists(), mount
            assert mount.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_secrets_are_the_files_that_the_script_makes(tmp_path: Path) -> None:
    subprocess.run([FOLDER / "secrets.sh", tmp_path], check=True)
    assert {f"./secrets/{file.name}" for file in tmp_path.iterdir()} == {
        secret["file"] for secret in COMPOSE["secrets"].values()
    }
    for service in SERVICES.values():
        used = {value for value in service.get("environment", {}).values() if "/run/secrets/" in str(value)}
        assert {value.removeprefix("/run/secrets/") for value in used} <= set(service.get("secrets", []))
        assert not any("PASSWORD" in key or "TOKEN" in key for key, value in service.get("environment", {}).items()
                       if value not in used)  # fmt: skip


def test_the_service_understands_its_environment(tmp_path: Path) -> None:
    subprocess.run([FOLDER / "secrets.sh", tmp_path], check=True)
    given = {
        key: str(value).replace("/run/secrets", str(tmp_path))
        for key, value in SERVICES["laddvakt"]["environment"].items()
    }
    settings = config.load(None, given)
    assert settings.influxdb.token == (tmp_path / "influxdb_token").read_text()
    influxdb = SERVICES["influxdb"]["environment"]
    assert settings.influxdb.bucket == influxdb["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert settings.influxdb.org == influxdb["DOCKER_INFLUXDB_INIT_ORG"]
    assert settings.influxdb.url == "http://influxdb:8086"
    assert settings.mail.host in SERVICES
    [volume] = [mount for mount in SERVICES["laddvakt"]["volumes"] if mount.endswith(":/var/lib/laddvakt/var")]
    assert volume.split(":")[1] == dockerfile.read(FOLDER / "Dockerfile")[-1].last("VOLUME").rest


def test_telegraf_writes_where_the_service_reads() -> None:
    [output] = TELEGRAF["outputs"]["influxdb_v2"]
    environment = SERVICES["laddvakt"]["environment"]
    assert output["urls"] == [environment["LADDVAKT_INFLUXDB__URL"]]
    assert output["bucket"] == environment["LADDVAKT_INFLUXDB__BUCKET"]
    assert output["organization"] == environment["LADDVAKT_INFLUXDB__ORG"]
    [store] = TELEGRAF["secretstores"]["docker"]
    assert output["token"] == f"@{{{store['id']}:{SERVICES['telegraf']['secrets'][0]}}}"
    listened = {TELEGRAF["inputs"][kind][0]["service_address"].rpartition(":")[2] for kind in TELEGRAF["inputs"]}
    assert listened == {port.rpartition(":")[2] for port in SERVICES["telegraf"]["ports"]}
    health = SERVICES["telegraf"]["healthcheck"]["test"][-1]
    assert health.startswith(TELEGRAF["outputs"]["health"][0]["service_address"])


def test_what_telegraf_makes_of_json_are_readings_of_ours() -> None:
    [object_] = TELEGRAF["inputs"]["http_listener_v2"][0]["json_v2"][0]["object"]
    meter = MEASUREMENTS["meter"]
    assert sorted(object_["tags"]) == sorted(all_tags(meter))
    assert set(object_["fields"]) <= {field.name for field in meter.fields}
    values = ",".join(f'{name}="x"' if kind == "string" else f"{name}=1.5" for name, kind in object_["fields"].items())
    line = f"meter,connector=1,site=lund,station=l-1 {values} 1767600000000000000"
    parsed = line_protocol.parse(line.encode(), "ns", datetime(2026, 1, 5, 9, tzinfo=UTC))
    assert not parsed.rejected
    assert not parsed.unknown


def test_grafana_reads_the_bucket_of_the_service() -> None:
    [source] = YAML(typ="safe").load(FOLDER / "grafana/datasources/influxdb.yaml")["datasources"]
    environment = SERVICES["laddvakt"]["environment"]
    assert source["url"] == environment["LADDVAKT_INFLUXDB__URL"]
    assert source["jsonData"]["dbName"] == environment["LADDVAKT_INFLUXDB__BUCKET"]
    [provider] = YAML(typ="safe").load(FOLDER / "grafana/dashboards/laddvakt.yaml")["providers"]
    mounted = [mount.split(":")[1] for mount in SERVICES["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
