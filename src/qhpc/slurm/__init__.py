"""Slurm: its commands and what they print (pure), its controller, its jobs for the broker, and a cluster to try."""
