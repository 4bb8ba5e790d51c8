"""The HTTP API of the access server: routes, errors, limits of requests, metrics."""
