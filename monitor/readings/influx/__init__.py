"""InfluxDB 1.6 to 3 as a server of readings: how each generation is found, written to, asked and read."""
