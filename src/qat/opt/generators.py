"""Generators that solve combinatorial problems: from a graph to its best partition in one call.

>>> import networkx
>>> from qat.generators import MaxCutGenerator
>>> from qat.plugins import ScipyMinimizePlugin
>>> from qat.qpus import LinAlg
>>> application = MaxCutGenerator() | ScipyMinimizePlugin(x0=[-0.4, -0.6]) | LinAlg()
>>> application.execute(networkx.cycle_graph(4), depth=1).cost
-4.0
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from typing import Any

from qat.core import Circuit, Job, Result
from qat.core.generator import AbstractGenerator

__all__ = [
    "CombinatorialOptimizerGenerator",
    "GraphColouringGenerator",
    "GraphPartitioningGenerator",
    "KCliqueGenerator",
    "MaxCutGenerator",
    "VertexCoverGenerator",
]


class CombinatorialOptimizerGenerator(AbstractGenerator):
    """Optimises the ansatz of a problem, samples the best state found and reads off the best solution.

    Args:
        job_type: ``"qaoa"``, ``"sqa"`` or ``"aqo"``; see ``CombinatorialJobGenerator.to_job``.

    >>> import networkx
    >>> from qat.opt import MaxCut
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> class CompleteGraphs(CombinatorialOptimizerGenerator):
    ...     def problem(self, nb_nodes):
    ...         return MaxCut(networkx.complete_graph(nb_nodes))
    >>> (CompleteGraphs() | ScipyMinimizePlugin(seed=1) | LinAlg()).execute(4, depth=1).cost
    -4.0
    """

    def __init__(self, job_type: str = "qaoa") -> None:
        super().__init__()
        self.job_type = job_type

    @abstractmethod
    def problem(self, *args: Any, **kwargs: Any) -> Any:
        """The problem to solve, an object with ``to_job(job_type, ...)`` and ``parse_result(result)``."""

    def generate(self, specs: Any, *args: Any, **kwargs: Any) -> Generator[Any, Any, None]:
        """Solve a problem: ``problem``'s arguments, and as keywords those of the job (``depth`` for QAOA).

        Yields:
            The jobs to run, then the solution.
        """
        problem, job_arguments = self._split(args, kwargs)
        job = problem.to_job(self.job_type, **job_arguments)
        result = yield job
        if job.circuit is not None:
            result = yield _sampling_job(job, job.circuit, result)
        yield problem.parse_result(result)

    def _split(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        import inspect

        own = inspect.signature(self.problem).parameters
        problem = self.problem(*args, **{name: value for name, value in kwargs.items() if name in own})
        return problem, {name: value for name, value in kwargs.items() if name not in own}


def _sampling_job(job: Job, circuit: Circuit, optimum: Result) -> Job:
    """Sampling of the circuit at the optimum, with the number of shots of the optimised job."""
    found = optimum.parameter_map or {}
    missing = [name for name in circuit.get_variables() if name not in found]
    if missing:
        raise ValueError(
            f"the stack returned no values for {', '.join(missing)}; put an optimizer such as ScipyMinimizePlugin "
            f"between the generator and the QPU"
        )
    return circuit(**found).to_job(nbshots=job.nbshots or 0)


class MaxCutGenerator(CombinatorialOptimizerGenerator):
    """Solves MaxCut: ``execute(graph, depth=...)``.

    >>> import networkx
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> application = MaxCutGenerator() | ScipyMinimizePlugin(seed=1) | LinAlg()
    >>> solution = application.execute(networkx.cycle_graph(4), depth=1)
    >>> sorted(solution.subsets)
    [[0, 2], [1, 3]]
    """

    def problem(self, graph: Any) -> Any:
        """The MaxCut problem of a graph."""
        from qat.opt.max_cut import MaxCut

        return MaxCut(graph)


class GraphPartitioningGenerator(CombinatorialOptimizerGenerator):
    """Splits a graph in equal halves: ``execute(graph, A, B=1, depth=...)``.

    >>> import networkx
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> application = GraphPartitioningGenerator() | ScipyMinimizePlugin(seed=1) | LinAlg()
    >>> solution = application.execute(networkx.path_graph(4), A=2, depth=1)
    >>> sorted(map(sorted, solution.subsets))
    [[0, 1], [2, 3]]
    """

    def problem(self, graph: Any, A: float, B: float = 1) -> Any:  # noqa: N803
        """The partitioning problem of a graph."""
        from qat.opt.graph_partitioning import GraphPartitioning

        return GraphPartitioning(graph, A, B)


class KCliqueGenerator(CombinatorialOptimizerGenerator):
    """Finds a clique: ``execute(graph, K, A, B=1, depth=...)``.

    >>> import networkx
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> application = KCliqueGenerator() | ScipyMinimizePlugin(seed=1) | LinAlg()
    >>> solution = application.execute(networkx.lollipop_graph(3, 1), K=3, A=8, depth=1)
    >>> solution.clique
    [0, 1, 2]
    """

    def problem(self, graph: Any, K: int, A: float, B: float = 1) -> Any:  # noqa: N803
        """The clique problem of a graph."""
        from qat.opt.k_clique import KClique

        return KClique(graph, K, A, B)


class VertexCoverGenerator(CombinatorialOptimizerGenerator):
    """Finds a small vertex cover: ``execute(graph, A=2, B=1, depth=...)``.

    >>> import networkx
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> application = VertexCoverGenerator() | ScipyMinimizePlugin(seed=1) | LinAlg()
    >>> solution = application.execute(networkx.star_graph(3), depth=1)
    >>> solution.cover
    [0]
    """

    def problem(self, graph: Any, A: float = 2, B: float = 1) -> Any:  # noqa: N803
        """The vertex cover problem of a graph."""
        from qat.opt.vertex_cover import VertexCover

        return VertexCover(graph, A, B)


class GraphColouringGenerator(CombinatorialOptimizerGenerator):
    """Colours a graph: ``execute(graph, number_of_colours, depth=...)``.

    >>> import networkx
    >>> from qat.plugins import ScipyMinimizePlugin
    >>> from qat.qpus import LinAlg
    >>> application = GraphColouringGenerator() | ScipyMinimizePlugin(seed=1) | LinAlg()
    >>> solution = application.execute(networkx.path_graph(2), number_of_colours=2, depth=1)
    >>> sorted(solution.subsets)
    [[0], [1]]
    """

    def problem(self, graph: Any, number_of_colours: int) -> Any:
        """The colouring problem of a graph."""
        from qat.opt.graph_colouring import GraphColouring

        return GraphColouring(graph, number_of_colours)
