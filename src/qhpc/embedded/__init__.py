"""A centre on one machine: what ``qat up`` runs, and what trials and experiments start."""
