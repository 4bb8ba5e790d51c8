"""Jobs, results and their batches."""
