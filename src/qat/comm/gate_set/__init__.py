"""Types of gate parameters."""
