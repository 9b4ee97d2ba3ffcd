"""Keys, repeated calls, the audit trail."""
