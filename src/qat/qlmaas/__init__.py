"""The client of an access server: connection, remote services, asynchronous results."""
