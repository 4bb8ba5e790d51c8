"""One adapter per simulator, and the table of who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """A participant.

    Attributes:
        module: the module of this package with the adapter, a class ``Adapter``.
        environment: name of its virtual environment; ``None``: the interpreter that runs the benchmark.
        settings: arguments of the adapter.
        is_single: whether it computes in single precision.
    """

    module: str
    environment: str | None
    settings: Mapping[str, str | int | None] = {}
    is_single: bool = False


ENTRIES: dict[str, Entry] = {
    "openqat": Entry("own_qpu", None),
    "openqat-single": Entry("own_qpu", None, {"precision": 1}, is_single=True),
    "engine": Entry("own_engine", None),
    "engine-single": Entry("own_engine", None, {"precision": 1}, is_single=True),
    "numpy": Entry("own_engine", None, {"engine": "numpy"}),
    "qulacs": Entry("qulacs_adapter", "qulacs"),
    "qulacs-optimized": Entry("qulacs_adapter", "qulacs", {"block_size": 2}),
    "aer": Entry("aer", "aer"),
    "lightning": Entry("lightning", "lightning"),
    "kokkos": Entry("lightning", "kokkos", {"device": "lightning.kokkos"}),
    "qsim": Entry("qsim", "qsim", is_single=True),
    "scaluq": Entry("scaluq_adapter", "scaluq"),
    "mindquantum": Entry("mindquantum_adapter", "mindquantum"),
    "published": Entry("published", "published", {"qpu": "CLinalg"}),
}
"""``openqat`` goes through jobs and QPUs, ``engine`` calls the engine interface; ``published`` is another
implementation of the published API, in an environment of the user's, with the adapter of ``openqat``."""

DEFAULT = ("openqat", "engine", "qulacs", "aer", "lightning", "qsim", "scaluq", "mindquantum")
"""Who takes part when nothing is said; all answers are compared with the first one's."""
