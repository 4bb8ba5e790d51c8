"""The way from a hybrid job to the QPUs that it shares with others: the client of a centre's broker."""
