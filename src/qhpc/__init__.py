"""What a centre runs: access server, scheduling, broker, Slurm."""
