"""Jobs as the server knows them, and their life cycle. Pure: no clock, no input or output."""
