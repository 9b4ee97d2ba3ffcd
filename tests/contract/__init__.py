"""What every database and every store must do, on SQLite and on PostgreSQL."""
