"""Published address of CLinalg."""

from qat.qpus.linalg import CLinAlg, CLinalg

__all__ = ["CLinAlg", "CLinalg"]
