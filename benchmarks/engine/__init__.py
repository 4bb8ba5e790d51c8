"""Speed of the state-vector engine beside other simulators. See ``__main__``."""
