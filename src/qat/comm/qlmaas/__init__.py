"""Jobs on an access server."""
