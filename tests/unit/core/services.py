"""Services that record what happens to them, for the tests of the execution protocol."""

from qat.core import Batch, BatchResult, HardwareSpecs, Job, Result
from qat.core.junction import Junction
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import QPUHandler


class Recorder(AbstractPlugin):
    """Passes everything on and notes it."""

    def __init__(self, name, log, *, nbqbits=None):
        super().__init__()
        self.name, self.log, self.nbqbits = name, log, nbqbits

    def compile(self, batch, specs):
        self.log.append((self.name, "compile", len(batch.jobs), batch.meta_data, specs and specs.nbqbits))
        return batch

    def post_process(self, batch_result):
        self.log.append((self.name, "post", len(batch_result.results), batch_result.meta_data))
        return batch_result

    def get_specs(self, specs):
        return specs if self.nbqbits is None else HardwareSpecs(nbqbits=self.nbqbits)


class Silent(AbstractPlugin):
    """Has no post_process."""

    def compile(self, batch, specs):
        return batch


class Broken(AbstractPlugin):
    """Returns whatever it is told to."""

    def __init__(self, compiled=None, processed=None):
        self.compiled, self.processed = compiled, processed

    def compile(self, batch, specs):
        return self.compiled(batch) if self.compiled else batch

    def post_process(self, batch_result):
        return self.processed(batch_result) if self.processed else batch_result


class Resubmit(AbstractPlugin):
    """Sends ``jobs`` below ``times`` times before it lets results through."""

    def __init__(self, times, jobs=1):
        self.times, self.jobs = times, jobs

    def compile(self, batch, specs):
        return batch

    def post_process(self, batch_result):
        if self.times:
            self.times -= 1
            return Batch([Job() for _ in range(self.jobs)])
        return BatchResult(results=batch_result.results[:1])


class Fixed(QPUHandler):
    """Always gives state 2."""

    def submit_job(self, job):
        result = Result()
        result.add_sample(2, probability=1.0)
        return result

    def get_specs(self):
        return HardwareSpecs(nbqbits=7, description="fixed")


class Counter(QPUHandler):
    """Gives 1.0, 2.0, ... as values."""

    def __init__(self, log=None, plugins=None):
        super().__init__(plugins)
        self.calls, self.log = 0, log

    def submit_job(self, job):
        self.calls += 1
        if self.log is not None:
            self.log.append(("qpu", self.calls))
        return Result(value=float(self.calls))


class WithMetaData(QPUHandler):
    """Notes the meta data it is given."""

    def __init__(self, log):
        super().__init__()
        self.log = log

    def submit_job(self, job, meta_data):
        self.log.append(("qpu", meta_data))
        return Result(value=0.0)


class Through(Junction):
    """Executes what it gets and notes it."""

    def __init__(self, log=None, **kwargs):
        super().__init__(**kwargs)
        self.log = [] if log is None else log

    def run(self, initial_object, meta_data):
        self.log.append(("junction", type(initial_object).__name__, meta_data))
        return self.execute(initial_object)


class Answer(Junction):
    """Returns, or raises, whatever it is told to."""

    def __init__(self, answer, **kwargs):
        super().__init__(**kwargs)
        self.answer = answer

    def run(self, initial_object, meta_data):
        return self.answer(self, initial_object)
