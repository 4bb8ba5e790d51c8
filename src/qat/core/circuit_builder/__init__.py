"""Matrices of the predefined gates, and conversions between NumPy arrays and the records of circuits."""
