"""What type checkers see of the compiled engine; the sources are in ``native/``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

class Program:
    """The structure of a circuit; see ``native/program.h``."""

    nb_qubits: int

    def __init__(
        self,
        nb_qubits: int,
        gates: NDArray[Any],
        qubit_starts: NDArray[Any],
        qubits: NDArray[Any],
        parameter_starts: NDArray[Any],
        forms: Sequence[tuple[int, int, float, int]],
        matrices: NDArray[Any],
    ) -> None: ...
    def run(
        self,
        parameters: NDArray[Any],
        supplied: NDArray[Any],
        is_single: bool,
        fusion: bool,
        nb_threads: int,
        nb_tile_bits: int,
    ) -> NDArray[Any]: ...
    def run_from(
        self,
        parameters: NDArray[Any],
        supplied: NDArray[Any],
        initial: NDArray[Any],
        fusion: bool,
        nb_threads: int,
        nb_tile_bits: int,
    ) -> NDArray[Any]: ...
    def plan_size(self, parameters: NDArray[Any], supplied: NDArray[Any]) -> tuple[int, int, int]:
        """Numbers of nodes, passes and instructions of a run in double precision."""
    def duration(
        self, parameters: NDArray[Any], supplied: NDArray[Any], is_single: bool, fusion: bool, nb_threads: int
    ) -> float:
        """Seconds of a run without its planning; see ``native/costs.h``."""
    def work(self, parameters: NDArray[Any], supplied: NDArray[Any]) -> tuple[float, float, float]:
        """Operations, bytes in tiles and in parts of tiles, of a run in double precision; ``native/operations.h``."""

def gradient_duration(
    program: Program, parameters: NDArray[Any], supplied: NDArray[Any], is_varied: NDArray[np.uint8], nb_threads: int
) -> float:
    """Seconds of undoing the gates of a program on two states, with the overlaps for the derivatives wanted."""

def gradient_work(
    program: Program, parameters: NDArray[Any], supplied: NDArray[Any], is_varied: NDArray[np.uint8]
) -> tuple[int, float, float, float]:
    """Passes over one state, operations, and bytes in tiles and in parts of tiles, of the same."""

def bandwidths(nb_bytes: int) -> tuple[float, float]:
    """Bytes a second that one thread moves at most in an array of that size: loading and storing, loading alone."""

def peak_operations() -> float:
    """Operations in double precision a second that one thread can do at most, measured now."""

def instruction_sets() -> list[str]: ...
def instruction_set() -> str: ...
def select_instruction_set(name: str) -> None: ...
def __getattr__(name: str) -> Any: ...
