"""The process that runs jobs, and what it has in common with the clerk: frames, channel, isolation."""
