"""Hardware specifications and topologies."""
