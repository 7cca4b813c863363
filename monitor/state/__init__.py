"""State: SQL tables and migrations for everything that is not a reading."""
