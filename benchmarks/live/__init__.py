"""Measurements of the live system."""
