"""Building blocks of quantum algorithms: amplitude amplification, phase estimation, counting."""

from pkgutil import extend_path

from qat.lang.algorithms.amplification import amplification_step
from qat.lang.algorithms.estimation import phase_estimation, quantum_counting

__path__ = extend_path(__path__, __name__)

__all__ = ["amplification_step", "phase_estimation", "quantum_counting"]
