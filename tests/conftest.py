"""Settings for the whole test suite."""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("OPENQAT_HYPOTHESIS_EXAMPLES", settings().max_examples))

settings.register_profile("local", deadline=None, max_examples=EXAMPLES)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
