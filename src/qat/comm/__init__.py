"""Published addresses of the plain structures, and the wire format of all values."""
