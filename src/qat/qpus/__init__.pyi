"""What type checkers see of ``qat.qpus``; at run time it is a view over all installed hooks."""

from typing import Any

from qat.core.qpu import QPUHandler as QPUHandler
from qat.core.qpu import get_current_qpu as get_current_qpu
from qat.modules import get_default_qpu as get_default_qpu
from qat.qpus.analog import AnalogQPU as AnalogQPU
from qat.qpus.linalg import CLinAlg as CLinAlg
from qat.qpus.linalg import CLinalg as CLinalg
from qat.qpus.linalg import LinAlg as LinAlg
from qat.qpus.linalg import PyLinalg as PyLinalg
from qat.qpus.shared import SharedQPU as SharedQPU
from qat.qpus.simulated_annealing import SimulatedAnnealing as SimulatedAnnealing
from qat.served.remote import RemoteQPU as RemoteQPU

def __getattr__(name: str) -> Any: ...
