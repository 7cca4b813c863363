"""The shipped rules, tariffs and register: beside the code in a checkout, inside the package in an installed wheel."""

from pathlib import Path

import monitor


def starter_rules() -> Path:
    """The folder that `init` and `demo` copy as `rules/`."""
    package = Path(monitor.__file__).parent
    shipped = package / "starter"
    return shipped if shipped.is_dir() else package.parent / "rules"
