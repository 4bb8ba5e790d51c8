"""Time-dependent parameters."""
