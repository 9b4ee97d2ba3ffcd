"""Transactions come in; what they wrote is on record, in SQLite or in PostgreSQL alike."""

from amparo.db.database import Database, Work
from amparo.db.tables import Row, UtcTime

__all__ = ["Database", "Row", "UtcTime", "Work"]
