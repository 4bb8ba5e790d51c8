"""A service of the site: classical work on the nodes before each quantum task."""

import time

from qat.core.plugins import AbstractPlugin


class ClassicalWork(AbstractPlugin):
    """Takes its time whenever jobs go down to the QPU; it stands for what a hybrid program computes on its nodes.

    Args:
        seconds: how long.
    """

    def __init__(self, seconds: float = 0.5):
        super().__init__()
        self.seconds = seconds

    def compile(self, batch, specs):
        time.sleep(self.seconds)
        return batch
