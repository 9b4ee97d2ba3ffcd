"""What was done, by whom, comes in; a record that nobody can change unnoticed goes out."""

from amparo.access.audit.record import record

__all__ = ["record"]
