"""Quantum channels."""
