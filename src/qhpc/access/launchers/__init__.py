"""How jobs are started: one contract, for processes of this machine and for clusters."""
