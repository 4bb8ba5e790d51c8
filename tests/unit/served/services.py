"""Services that are served in tests."""

from qat.core import Batch, BatchResult, HardwareSpecs, Job, Result
from qat.core.errors import ErrorType, QPUException
from qat.core.generator import AbstractGenerator
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import QPUHandler


class Picky(QPUHandler):
    """Fails as the number of shots says."""

    def submit_job(self, job):
        if job.nbshots == 1:
            raise ValueError("plain")
        if job.nbshots == 2:
            raise QPUException(ErrorType.ILLEGAL_GATES, "picky", "no such gate", "picky.py", 7)
        result = Result()
        result.add_sample(3, probability=1.0)
        result.meta_data = {"shots": str(job.nbshots)}
        return result

    def get_specs(self):
        return HardwareSpecs(nbqbits=9, description="served", meta_data={"a": "b"})


class Doubler(AbstractPlugin):
    """Runs every job twice and adds the values; tells what it saw."""

    def compile(self, batch, specs):
        self.seen = specs
        return Batch([job for job in batch.jobs for _ in range(2)], meta_data=batch.meta_data)

    def post_process(self, batch_result):
        pairs = zip(batch_result.results[::2], batch_result.results[1::2], strict=True)
        return BatchResult([Result(value=a.value + b.value) for a, b in pairs], meta_data=batch_result.meta_data)

    def get_specs(self, specs):
        return HardwareSpecs(nbqbits=(specs.nbqbits or 0) + 1)


class Onlooker(AbstractPlugin):
    """Does not post-process."""

    def compile(self, batch, specs):
        return batch


class Again(AbstractPlugin):
    """Sends its jobs again until the sum of all values is large enough."""

    def __init__(self):
        self.total, self.jobs = 0.0, []

    def compile(self, batch, specs):
        self.jobs = batch.jobs
        return batch

    def post_process(self, batch_result):
        self.total += batch_result.results[0].value
        return Batch(self.jobs) if self.total < 5 else BatchResult([Result(value=self.total)])


class Constant(QPUHandler):
    """Every job is worth two."""

    def submit_job(self, job):
        return Result(value=2.0)


class Summing(AbstractGenerator):
    """Yields jobs, sums the values, answers with the sum and its arguments."""

    def generate(self, specs, count, **keywords):
        self.is_closed = False
        try:
            total = 0.0
            for _ in range(count):
                total += (yield Job()).value
            yield {"total": total, "nbqbits": specs.nbqbits, **keywords}
        finally:
            self.is_closed = True


class Single(AbstractGenerator):
    """Returns one job, and reads its result."""

    def generate(self, specs):
        return Job()

    def post_process(self, result):
        return ("value", result.value)
