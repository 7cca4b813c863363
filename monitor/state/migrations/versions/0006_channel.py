"""The channel of a message, so that a mail server that is slow holds no webhook up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; what waits already is mail."""
    op.add_column("outbox", sa.Column("channel", sa.String(), nullable=False, server_default="mail"))
