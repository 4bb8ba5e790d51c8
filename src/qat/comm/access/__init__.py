"""The messages between a client and an access server: structures, routes, errors. Both sides import these."""
