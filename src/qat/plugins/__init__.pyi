"""What type checkers see of ``qat.plugins``; at run time it is a view over all installed hooks."""

from typing import Any

from qat.core.empty import EmptyPlugin as EmptyPlugin
from qat.core.junction import Junction as Junction
from qat.core.optimizer import Optimizer as Optimizer
from qat.core.plugins import AbstractPlugin as AbstractPlugin
from qat.core.plugins import get_current_plugin as get_current_plugin
from qat.core.quameleon import QuameleonPlugin as QuameleonPlugin
from qat.plugins.circuit_inliner import CircuitInliner as CircuitInliner
from qat.plugins.cost_function import CostFunctionPlugin as CostFunctionPlugin
from qat.plugins.display import Display as Display
from qat.plugins.fusion import FusionPlugin as FusionPlugin
from qat.plugins.gradient_descent import GradientDescentOptimizer as GradientDescentOptimizer
from qat.plugins.launch_statistics import MultipleLaunchesAnalyzer as MultipleLaunchesAnalyzer
from qat.plugins.nnizer import Nnizer as Nnizer
from qat.plugins.nnizer import Sabre as Sabre
from qat.plugins.observable_splitter import ObservableSplitter as ObservableSplitter
from qat.plugins.observable_transformation import TransformObservable as TransformObservable
from qat.plugins.pso_minimize import PSOMinimizePlugin as PSOMinimizePlugin
from qat.plugins.remap import Remap as Remap
from qat.plugins.scipy_minimize import ScipyMinimizePlugin as ScipyMinimizePlugin
from qat.plugins.seq_optim import SeqOptim as SeqOptim
from qat.plugins.spsa_minimize import SPSAMinimizePlugin as SPSAMinimizePlugin
from qat.plugins.statistics import StatPlugin as StatPlugin
from qat.plugins.zero_noise_extrapolation import ZeroNoiseExtrapolator as ZeroNoiseExtrapolator
from qat.served.remote import RemotePlugin as RemotePlugin

def __getattr__(name: str) -> Any: ...
