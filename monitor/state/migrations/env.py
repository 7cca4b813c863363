"""Run by alembic; the connection and its transaction come from `Database.migrate`."""

from alembic import context

from monitor.state.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
