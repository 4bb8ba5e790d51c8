"""Where jobs, users and files are kept: one contract, in memory, SQLite and PostgreSQL."""
