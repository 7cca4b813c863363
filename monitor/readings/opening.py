"""The readings store that the settings name."""

from datetime import datetime

from monitor.config import Settings
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.influx.server import InfluxServer
from monitor.readings.influx.store import Bounds, InfluxStore
from monitor.readings.store import ReadingStore


def open_store(settings: Settings, now: datetime) -> ReadingStore:
    """Open it; raise StoreUnavailable when its files are in use or cannot be made. InfluxDB may be away."""
    evaluate, var = settings.evaluate, settings.paths.var
    if settings.store.kind == "embedded":
        return EmbeddedStore(settings.readings_file, evaluate.window)
    bounds = Bounds(evaluate.window, evaluate.lateness, evaluate.window_limit, settings.spool.limit)
    store = InfluxStore(InfluxServer(settings.influxdb, settings.mapping), var, bounds, now)
    store.start()
    return store
