"""Combinatorial optimisation: problems, their encodings, and the jobs that look for solutions.

>>> from qat.opt import CombinatorialProblem
>>> problem = CombinatorialProblem()
>>> a, b = problem.new_vars(2)
>>> problem.add_clause(a ^ b).to_job("qaoa", 1).get_variables()
['\\\\beta_{0}', '\\\\gamma_{0}']
"""

from qat.core.lazy import lazy_exports

_EXPORTS = {
    "BILP": "qat.opt.binary_linear_integer_programming",
    "CombinatorialOptimizerGenerator": "qat.opt.generators",
    "CombinatorialProblem": "qat.opt.combinatorial_problem",
    "GraphColouring": "qat.opt.graph_colouring",
    "GraphColouringGenerator": "qat.opt.generators",
    "GraphPartitioning": "qat.opt.graph_partitioning",
    "GraphPartitioningGenerator": "qat.opt.generators",
    "Ising": "qat.opt.ising",
    "KClique": "qat.opt.k_clique",
    "KCliqueGenerator": "qat.opt.generators",
    "MWIS": "qat.opt.mwis",
    "MaxCut": "qat.opt.max_cut",
    "MaxCutGenerator": "qat.opt.generators",
    "NumberPartitioning": "qat.opt.number_partitioning",
    "QUBO": "qat.opt.qubo",
    "VertexCover": "qat.opt.vertex_cover",
    "VertexCoverGenerator": "qat.opt.generators",
}
__all__ = list(_EXPORTS)

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
