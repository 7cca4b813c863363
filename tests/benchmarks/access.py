"""What a login costs a page, and a token a write: processor time of the same request with and without, side by side."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from dashboards import create_app
from tests.dashboards import sample
from tests.dashboards.sample import NOW
from tests.security.cases import add_everybody, client_of

TIMES = 300
LINES = "\n".join(f"meter,site=s,station=x,connector={n} power_w=1 {NOW.timestamp():.0f}000000000" for n in range(100))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sample.busy_service(Path(folder)) as service:
        app = create_app(service)
        free = app.test_client()
        before = {name: p95(call(free)) for name, call in CALLS.items()}
        add_everybody(service)
        held = {"a page": "role viewer", "the API": "token read", "a write of 100 lines": "token write"}
        for name, call in CALLS.items():
            after = p95(call(client_of(app, held[name])))
            print(f"{name}: p95 {before[name]:.1f} ms without users, {after:.1f} ms as {held[name]}")


def p95(call: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(TIMES):
        began = time.thread_time()
        call()
        taken.append(1000 * (time.thread_time() - began))
    return statistics.quantiles(taken, n=20)[-1]


CALLS: dict[str, Callable[[FlaskClient], Callable[[], object]]] = {
    "a page": lambda client: lambda: client.get("/alerts"),
    "the API": lambda client: lambda: client.get("/api/v1/alerts"),
    "a write of 100 lines": lambda client: lambda: client.post("/api/v2/write", data=LINES),
}

if __name__ == "__main__":
    main()
