"""A generator that looks at what its jobs were told."""

from qat.core import Circuit
from qat.core.generator import AbstractGenerator


class Asking(AbstractGenerator):
    """Runs jobs, and answers whether they were told their submission."""

    def __init__(self, answer="facts"):
        super().__init__()
        self.answer = answer

    def generate(self, specs, count=1):
        for _ in range(count):
            told = (yield Circuit.empty(1).to_job()).meta_data
        facts = {name: told[name].startswith("job-") for name in ("job_id", "job_meta_data")}
        yield object() if self.answer == "odd" else (count, facts)
