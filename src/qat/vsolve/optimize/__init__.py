"""Minimisers of plain functions, and the published address of the plugins which are made of them.

>>> from qat.vsolve.optimize import ScipyMinimizePlugin
>>> ScipyMinimizePlugin.__name__
'ScipyMinimizePlugin'
"""

from qat.core.lazy import lazy_exports

_EXPORTS = {
    "PSOMinimizePlugin": "qat.plugins.pso_minimize",
    "SPSAMinimizePlugin": "qat.plugins.spsa_minimize",
    "ScipyMinimizePlugin": "qat.plugins.scipy_minimize",
}
__all__ = list(_EXPORTS)

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
