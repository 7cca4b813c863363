"""Copies of the operator's files as they last were without a mistake: what a start with a broken one falls back on.

Rules need none: a start takes those that have no mistake. Without the register every place would be unknown at once,
without notify.yaml nobody would be told.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LastGood:
    """A folder of copies, laid out as the operator's; readable by those who may read the originals."""

    folder: Path

    def keep(self, source: Path, part: str) -> None:
        """Copy a part (a file, or a folder of files) of `source`, or forget it where `source` has none.

        A copy that cannot be made is logged: it is wanted only at a start that meets a mistake.
        """
        try:
            names = {path.relative_to(source) for path in _files(source / part)}
            for path in _files(self.folder / part):
                if path.relative_to(self.folder) not in names:
                    path.unlink()
            for name in names:
                _copy(source / name, self.folder / name)
        except OSError as error:
            log.warning("no copy of the last good files", part=part, error=str(error))


def _files(part: Path) -> list[Path]:
    return sorted(path for path in part.iterdir() if path.is_file()) if part.is_dir() else [part] * part.exists()


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all, and only what has changed."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.new")
    shutil.copy(source, draft)
    draft.replace(target)
