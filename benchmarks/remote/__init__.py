"""Figures of remote access. See the README."""
