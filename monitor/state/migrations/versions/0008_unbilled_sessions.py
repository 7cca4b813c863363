"""The oldest session that nobody has billed, found at each tick without looking at the others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the index."""
    unbilled = sa.text("closed_us IS NOT NULL AND state IN ('open', 'review')")
    op.create_index("ix_sessions_unbilled", "sessions", ["closed_us"], sqlite_where=unbilled, postgresql_where=unbilled)
