"""Our own QPUs: the published API with a number of threads."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from qat.kernels.engine import register_engine, select_engine

from .published import Adapter as Published


def with_threads(name, nb_threads):
    """Make the engine of that name (by default the preferred one) use so many threads; its name."""
    engine = select_engine(name)
    if hasattr(engine, "configured"):
        register_engine(engine.name, lambda: engine.configured(nb_threads=nb_threads))
    return engine.name


class Adapter(Published):
    """Jobs, submitted to ``LinAlg``.

    Args:
        nb_threads: the engine's.
        engine: its name; the preferred one by default.
        options: of the QPU, for example ``precision``.
    """

    def __init__(self, nb_threads, engine=None, **options):
        super().__init__(nb_threads, engine=with_threads(engine, nb_threads), **options)

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
