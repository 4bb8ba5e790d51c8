"""Cost of encoding and decoding."""
