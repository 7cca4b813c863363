"""`POST /api/v1/backup`: a copy of the embedded store for `laddvakt backup`, which cannot open it while we do.

The token is in the file beside the store (`monitor.readings.running`), which only the service's user can read.
"""

import tempfile
from pathlib import Path

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from dashboards.sources import service
from monitor.errors import InputError
from monitor.readings.embedded import EmbeddedStore

backing_up = Blueprint("backing_up", __name__, url_prefix="/api/v1")


@backing_up.post("/backup")
def readings() -> ResponseReturnValue:
    """A DuckDB file as of one moment; writes go on meanwhile."""
    store = service().store
    if not isinstance(store, EmbeddedStore):
        raise InputError("the readings are in InfluxDB, which has backups of its own")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=store.path.parent) as folder:
        copy = Path(folder) / "readings.duckdb"
        store.copy_to(copy)
        content = copy.open("rb")  # its name goes now, the content when the answer has ended, however it ends
    return send_file(content, mimetype="application/octet-stream")
