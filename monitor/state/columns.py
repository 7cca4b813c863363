"""What all tables share: the metadata with its naming convention, and the column types."""

from datetime import datetime

from sqlalchemy import BigInteger, Dialect, Integer, MetaData
from sqlalchemy.types import TypeDecorator

from monitor.units import from_us, to_us

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the state database, for comparing the migrated schema with the declared one."""

Id = BigInteger().with_variant(Integer, "sqlite")
"""A generated number; SQLite numbers rows by itself only in a column that is called INTEGER."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime in Python, epoch microseconds (BIGINT) in the table; such a column's name ends in `_us`."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return None if value is None else from_us(value)
