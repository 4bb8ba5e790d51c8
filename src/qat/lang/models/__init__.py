"""Ready-made routines that load data."""

from pkgutil import extend_path

from qat.lang.models.kp_tree import KPTree
from qat.lang.models.routines import gray_code, multiplexor

__path__ = extend_path(__path__, __name__)

__all__ = ["KPTree", "gray_code", "multiplexor"]
