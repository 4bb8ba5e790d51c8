"""Jobs of Slurm over HTTP (slurmrestd): requests and answers (pure), the token, and the way there."""
