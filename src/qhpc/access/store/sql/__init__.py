"""The store in a database: one set of statements, on SQLite and PostgreSQL."""
