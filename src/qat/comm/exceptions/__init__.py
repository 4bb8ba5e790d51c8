"""Exceptions of the services and their codes."""
