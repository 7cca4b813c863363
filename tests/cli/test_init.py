import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from monitor import config


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, laddvakt: Path) -> Path:
    """What `laddvakt init ops` writes, once for all tests."""
    folder = tmp_path_factory.mktemp("init")
    subprocess.run([laddvakt, "init", "ops"], cwd=folder, capture_output=True, check=True)
    return folder / "ops"


@pytest.fixture
def project(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "ops"))


def test_what_init_writes_is_free_of_mistakes_and_means_the_defaults(project, laddvakt):
    checked = subprocess.run([laddvakt, "check"], cwd=project, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "all good\n")
    written = config.load(project / "laddvakt.toml", {})
    assert written.model_dump(exclude={"paths"}) == config.Settings().model_dump(exclude={"paths"})


def test_every_setting_stands_there_with_its_default_and_works_once_the_sign_is_removed(project):
    text = (project / "laddvakt.toml").read_text()
    lines = [line[2:] if line.startswith("# ") and " = " in line else line for line in text.splitlines()]
    settings = config.Settings()
    tree = tomllib.loads("\n".join(lines))
    assert {section: set(table) for section, table in tree.items()} == {
        name: set(type(getattr(settings, name)).model_fields) for name in type(settings).model_fields
    }
    assert config.Settings.model_validate(tree) == settings


def test_init_overwrites_nothing(project, laddvakt):
    again = subprocess.run([laddvakt, "init", "."], cwd=project, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "laddvakt.toml exists already" in again.stderr


def test_an_address_that_others_can_reach_is_refused_while_there_are_no_users(project, laddvakt):
    (project / "laddvakt.toml").write_text('[web]\nlisten = "0.0.0.0:8080"\n')
    refused = subprocess.run([laddvakt, "run"], cwd=project, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "only loopback is allowed" in refused.stderr


def test_a_port_that_is_taken_is_a_dependency_that_is_down(project, laddvakt, free_port):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port))
        listener.listen()
        (project / "laddvakt.toml").write_text(f'[web]\nlisten = "127.0.0.1:{free_port}"\n')
        refused = subprocess.run([laddvakt, "run"], cwd=project, capture_output=True, text=True, check=False)
    assert refused.returncode == 3
    assert "choose another web.listen" in refused.stderr
