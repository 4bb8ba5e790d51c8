"""Do two implementations of the published API give the same answers? See ``__main__``."""
