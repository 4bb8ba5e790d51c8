"""The access server: users send jobs, the server runs them and keeps the results."""
