"""Our own QPUs: the published API with a number of threads."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from qat.qpus import LinAlg

from .published import Adapter as Published


class Adapter(Published):
    """Jobs, submitted to ``LinAlg``.

    Args:
        nb_threads: the engine's.
        engine: its name; the preferred one by default.
        options: of the QPU, for example ``precision``.
    """

    def __init__(self, nb_threads, engine=None, **options):
        super().__init__(nb_threads)
        self.qpu = LinAlg(nb_threads=nb_threads, engine=engine, **options)

    def versions(self):
        try:
            own = f"openqat {version('openqat')}"
        except PackageNotFoundError:
            own = "openqat from its sources"
        return f"{own}, engine {self.qpu.engine.name} ({_instruction_set(self.qpu.engine.name)}), {super().versions()}"


def _instruction_set(engine):
    if engine != "native":
        return "NumPy"
    from qat.kernels._native import instruction_set

    return instruction_set()
