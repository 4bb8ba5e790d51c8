"""Published address of PyLinalg."""

from qat.qpus.linalg import PyLinalg

__all__ = ["PyLinalg"]
