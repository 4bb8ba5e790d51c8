"""Observables and their terms."""
