"""The engines and the ways through them that tests run on: every instruction set, with and without fusion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from qat.kernels.engine import Engine
from qat.kernels.numpy_engine import NumpyEngine

IS_NATIVE = find_spec("qat.kernels._native") is not None


def _native_ways() -> list[str]:
    if not IS_NATIVE:
        return []
    from qat.kernels import _native

    return [*(f"native-{name}" for name in _native.instruction_sets()), "native-unfused"]


NATIVE_WAYS = _native_ways()


@contextmanager
def engine_on(way: str) -> Iterator[Engine]:
    """The engine of a way: ``numpy``, ``native-<instruction set>`` or ``native-unfused``."""
    if way == "numpy":
        yield NumpyEngine()
        return
    from qat.kernels import _native
    from qat.kernels.native_engine import NativeEngine

    name = way.removeprefix("native-")
    _native.select_instruction_set("" if name == "unfused" else name)
    try:
        yield NativeEngine(2, fusion=name != "unfused")
    finally:
        _native.select_instruction_set("")
