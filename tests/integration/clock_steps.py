"""A clock that is set forwards and back while processes run: what they think is the time of day, read from a file.

It takes the place of ``time.time`` in every Python process that has the folder on its path; other clocks go on.
"""

import os
from pathlib import Path

PROGRAM = """
import os, time
from pathlib import Path
if "OPENQAT_TEST_STEP" in os.environ:
    _real, _step = time.time, Path(os.environ["OPENQAT_TEST_STEP"])
    time.time = lambda: _real() + float(_step.read_text())
"""


class ClockSteps:
    """The clock of the processes that are given ``environment``.

    Args:
        folder: an empty one.
        path: of packages for these processes.
    """

    def __init__(self, folder, path):
        self._file = Path(folder) / "step"
        (Path(folder) / "sitecustomize.py").write_text(PROGRAM)
        self.environment = {
            "OPENQAT_TEST_STEP": str(self._file),
            "PYTHONPATH": os.pathsep.join((str(folder), path)),
        }
        self.set(0.0)

    def set(self, step_s):
        """Their clock is so much ahead of this one from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(str(step_s))
        new.replace(self._file)
