"""Batches sent to an access server."""
