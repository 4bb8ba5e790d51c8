"""The names of the service modules that programs import."""

import pytest

import qat.generators
import qat.plugins
import qat.qpus

NAMES = {
    qat.qpus: "CLinAlg CLinalg LinAlg PyLinalg QPUHandler get_current_qpu get_default_qpu",
    qat.plugins: (
        "AbstractPlugin CircuitInliner CostFunctionPlugin Display EmptyPlugin FusionPlugin GradientDescentOptimizer "
        "Junction MultipleLaunchesAnalyzer ObservableSplitter Optimizer PSOMinimizePlugin QuameleonPlugin Remap "
        "SPSAMinimizePlugin ScipyMinimizePlugin SeqOptim StatPlugin TransformObservable ZeroNoiseExtrapolator "
        "get_current_plugin"
    ),
    qat.generators: "AbstractGenerator MaxCutGenerator",
}


@pytest.mark.parametrize("module", NAMES)
def test_names(module):
    wanted = set(NAMES[module].split())
    assert wanted <= set(dir(module)) and wanted <= set(module.__all__)
    for name in wanted:
        assert callable(getattr(module, name))


@pytest.mark.parametrize("module", NAMES)
def test_unknown_names(module):
    with pytest.raises(AttributeError):
        module.DoesNotExist  # noqa: B018
    with pytest.raises(ImportError):
        exec(f"from {module.__name__} import DoesNotExist")
    with pytest.raises(ImportError):
        exec("from qat.qpus import get_noisy_qpu")


def test_the_program_of_the_slides():
    from qat.core import Circuit, Observable
    from qat.plugins import ScipyMinimizePlugin
    from qat.qpus import LinAlg

    stack = ScipyMinimizePlugin() | LinAlg()
    jobs = [Circuit.empty(1).to_job(observable=Observable.sigma_z(0, 1))]
    results = stack.submit(jobs)
    assert [result.value for result in results] == [pytest.approx(1.0)]
