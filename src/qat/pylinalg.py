"""Published address of PyLinalg."""

from qat.qpus.linalg import PyLinalg

get_qpu_server = PyLinalg
"""Old name of the class."""

__all__ = ["PyLinalg", "get_qpu_server"]
