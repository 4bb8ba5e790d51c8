"""Published address of LinAlg."""

from qat.qpus.linalg import LinAlg

__all__ = ["LinAlg"]
