"""The wheel as a user gets it: built from the sources, installed in a virtual environment of its own."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.conftest import ROOT, missing


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip wheel` makes of the sources, front-end files of `make install` included."""
    if not (ROOT / "dashboards" / "static" / "vendor" / "htmx.min.js").exists():
        missing("the front-end files are not here (make install)")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `laddvakt` of a clean virtual environment, away from the sources.

    It holds the wheel, installed by pip, and of this environment exactly the packages of requirements/run.txt, linked.
    So it is proven that the wheel and its locked dependencies are enough; that they can be downloaded is proven by
    `make install`, which takes the same versions with the same hashes.
    """
    folder = clean_environment(tmp_path_factory.mktemp("clean") / "env")
    install = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*install, "--quiet", "--disable-pip-version-check"], check=True, capture_output=True)
    return folder / "bin" / "laddvakt"


@pytest.fixture(scope="session")
def outside() -> dict[str, str]:
    """The environment of a command that must not find the sources."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "LADDVAKT"))}


def clean_environment(folder: Path) -> Path:
    """A virtual environment with the packages of requirements/run.txt, linked from this one."""
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in locked():
        _link(name, packages)
    return folder


def locked() -> Iterator[str]:
    """The packages that a service needs."""
    for line in (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([\w.-]+)(?:\[\w+\])?==", line):
            yield found[1]


def _link(name: str, packages: Path) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return  # for another system or version of Python
    for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
        here = packages / top
        if top != "__pycache__" and not here.exists():
            here.symlink_to(Path(str(found.locate_file(top))))
