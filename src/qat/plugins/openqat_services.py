"""The plugins of this package, by name; each is imported when it is asked for."""

__qlm_importables__ = {
    "AbstractPlugin": "qat.core.plugins:AbstractPlugin",
    "CircuitInliner": "qat.plugins.circuit_inliner:CircuitInliner",
    "CostFunctionPlugin": "qat.plugins.cost_function:CostFunctionPlugin",
    "Display": "qat.plugins.display:Display",
    "EmptyPlugin": "qat.core.empty:EmptyPlugin",
    "FusionPlugin": "qat.plugins.fusion:FusionPlugin",
    "GradientDescentOptimizer": "qat.plugins.gradient_descent:GradientDescentOptimizer",
    "Junction": "qat.core.junction:Junction",
    "MultipleLaunchesAnalyzer": "qat.plugins.launch_statistics:MultipleLaunchesAnalyzer",
    "Nnizer": "qat.plugins.nnizer:Nnizer",
    "ObservableSplitter": "qat.plugins.observable_splitter:ObservableSplitter",
    "Optimizer": "qat.core.optimizer:Optimizer",
    "PSOMinimizePlugin": "qat.plugins.pso_minimize:PSOMinimizePlugin",
    "QuameleonPlugin": "qat.core.quameleon:QuameleonPlugin",
    "Remap": "qat.plugins.remap:Remap",
    "RemotePlugin": "qat.served.remote:RemotePlugin",
    "SPSAMinimizePlugin": "qat.plugins.spsa_minimize:SPSAMinimizePlugin",
    "Sabre": "qat.plugins.nnizer:Sabre",
    "ScipyMinimizePlugin": "qat.plugins.scipy_minimize:ScipyMinimizePlugin",
    "SeqOptim": "qat.plugins.seq_optim:SeqOptim",
    "StatPlugin": "qat.plugins.statistics:StatPlugin",
    "TransformObservable": "qat.plugins.observable_transformation:TransformObservable",
    "ZeroNoiseExtrapolator": "qat.plugins.zero_noise_extrapolation:ZeroNoiseExtrapolator",
    "get_current_plugin": "qat.core.plugins:get_current_plugin",
}

__openqat_helpers__ = ("jobs", "natural_gradient", "relocation", "variational")
