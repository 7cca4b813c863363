"""docker/Dockerfile without an engine: linted, its build run on what it copies, what it starts run as it would be."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.operate import dockerfile
from tests.operate.conftest import clean_environment
from tests.operate.test_wheel import started, until

FILE = ROOT / "docker" / "Dockerfile"
FRONT_END, BUILD, IMAGE = dockerfile.read(FILE)
CONFINED = """
set -e
mount -o remount,bind,ro / ; mount -t tmpfs none /opt
mkdir /opt/laddvakt && mount --bind "$ENVIRONMENT" /opt/laddvakt
cd "$FOLDER" && mount --bind . . && mount -o remount,bind,ro . && cd "$FOLDER"
mount -t tmpfs none var && mount -t tmpfs none tmp
! touch here "$ENVIRONMENT/here" 2>/dev/null
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs /opt/laddvakt/bin/python /opt/laddvakt/bin/laddvakt run
"""


def test_hadolint_finds_nothing() -> None:
    command = [Path(sys.executable).parent / "hadolint", "--failure-threshold", "style", FILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_runs_is_small_and_nobody_special() -> None:
    assert [stage.base for stage in (BUILD, IMAGE)] == [IMAGE.base] * 2, "what is built has to run there"
    for stage in (FRONT_END, BUILD, IMAGE):
        assert stage.base.partition(":")[2] not in {"", "latest"}
        assert not stage.all("ADD")
    user, _, group = IMAGE.last("USER").rest.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert not any("pip install" in each.rest or "apt-get" in each.rest for each in IMAGE.all("RUN"))
    assert IMAGE.all("HEALTHCHECK")


def test_every_pip_install_is_locked() -> None:
    for each in BUILD.all("RUN"):
        for command in each.rest.split("&&"):
            if "pip install" in command:
                assert "--require-hashes" in command or "--no-deps dist/" in command, command


def test_the_build_needs_no_more_than_is_copied(tmp_path: Path, wheel: Path, context: Path) -> None:
    work, environment = tmp_path / "build", clean_environment(tmp_path / "env")
    for each in BUILD.all("COPY"):
        *sources, target = [word for word in each.words if not word.startswith("--from")]
        if "--from=front-end" in each.words:
            shutil.copytree(ROOT / "dashboards/static/vendor", work / target)
            continue
        for source in sources:
            _copy(context / source, work / target, into=target.endswith("/") or len(sources) > 1)
    run = BUILD.all("RUN")[-1].rest
    run = run.replace("/opt/builder/bin/python", sys.executable)
    run = run.replace("/opt/laddvakt/bin/pip", f"{sys.executable} -m pip --python {environment}")
    subprocess.run(run, shell=True, cwd=work, check=True, capture_output=True)
    [built] = (work / "dist").glob("*.whl")
    listed = [sys.executable, "-m", "zipfile", "-l"]
    ours, theirs = (
        {line.split()[0] for line in subprocess.check_output([*listed, each], text=True).splitlines()}
        for each in (wheel, built)
    )
    assert ours == theirs
    assert (environment / "bin" / "laddvakt").exists()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What .dockerignore leaves of the sources: all is shut out, some is let in again, some of that is not."""
    folder = tmp_path_factory.mktemp("context")
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    for line in lines:
        if line.startswith("!"):
            _copy(ROOT / line[1:], folder / line[1:], into=False)
    shutil.rmtree(folder / "dashboards/static/vendor")
    return folder


def _copy(source: Path, target: Path, *, into: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        return
    target = target / source.name if into else target
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    subprocess.run([ROOT / "docker" / "secrets.sh", tmp_path / "secrets"], check=True)
    return tmp_path / "secrets"


def test_alone_it_says_who_may_be_let_in(installed: Path, outside: dict[str, str], tmp_path: Path) -> None:
    environment = {**outside, **{key: value for key, value in IMAGE.environment.items() if key != "PATH"}}
    done = subprocess.run(
        [installed, "run"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "name web.admin_password_file" in done.stderr


def test_it_runs_where_nothing_but_its_volume_can_be_written(
    installed: Path, outside: dict[str, str], secrets: Path, tmp_path: Path, free_port: int
) -> None:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may make mount namespaces, in which the root file system is read-only")
    folder = tmp_path / "service"
    for name in ("var", "tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(ROOT / "rules", folder / "rules")
    shutil.copytree(secrets, folder / "secrets")
    environment = {
        **outside,
        "LADDVAKT_WEB__LISTEN": f"0.0.0.0:{free_port}",
        "LADDVAKT_WEB__ADMIN_PASSWORD_FILE": str(folder / "secrets/admin_password"),
        "ENVIRONMENT": str(installed.parent.parent),
        "FOLDER": str(folder),
        "TMPDIR": str(folder / "tmp"),
    }
    url = f"http://127.0.0.1:{free_port}"
    with started(["unshare", "-m", "sh", "-c", CONFINED], tmp_path, environment) as process:
        until(f"{url}/readyz", lambda text: text.strip() == "ok", process)
        check = IMAGE.last("HEALTHCHECK").rest.partition("CMD ")[2]
        command = dockerfile.Instruction("CMD", check.replace("8080", str(free_port))).words
        subprocess.run([sys.executable, *command[1:]], check=True)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/api/v1/alerts")
    assert list((folder / "var").iterdir()) == []


def test_secrets_are_made_once_and_can_be_read_in_containers(secrets: Path) -> None:
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    subprocess.run([ROOT / "docker" / "secrets.sh", secrets], check=True)
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before
    assert {len(text) for text in before.values()} == {48}
    assert len(set(before.values())) == len(before)
    assert {oct(file.stat().st_mode & 0o777) for file in secrets.iterdir()} == {"0o644"}
    assert oct(secrets.stat().st_mode & 0o777) == "0o700"
