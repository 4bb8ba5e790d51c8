"""Published address of the combinatorial problems of ``qat.opt``."""

from qat.core.lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(__name__, {"MaxCut": "qat.opt", "GraphPartitioning": "qat.opt"})
