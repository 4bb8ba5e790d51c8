"""Figures of the scheduling laboratory. See README.md."""
