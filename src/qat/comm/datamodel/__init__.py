"""Structures and enumerations of circuits."""
