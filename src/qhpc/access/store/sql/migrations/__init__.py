"""Migrations of the schema, run by Alembic.

A migration is named ``NNNN_pre_WHAT`` if servers of the former version work with the tables that it leaves, so that it
is run before the servers are replaced, and ``NNNN_post_WHAT`` if it has to wait until the last of them has gone.
"""
