"""The QPUs of this package, by name; each is imported when it is asked for."""

__qlm_importables__ = {
    "AnalogQPU": "qat.qpus.analog:AnalogQPU",
    "CLinAlg": "qat.qpus.linalg:CLinAlg",
    "CLinalg": "qat.qpus.linalg:CLinalg",
    "LinAlg": "qat.qpus.linalg:LinAlg",
    "PyLinalg": "qat.qpus.linalg:PyLinalg",
    "QPUHandler": "qat.core.qpu:QPUHandler",
    "RemoteQPU": "qat.served.remote:RemoteQPU",
    "SharedQPU": "qat.qpus.shared:SharedQPU",
    "SimulatedAnnealing": "qat.qpus.simulated_annealing:SimulatedAnnealing",
    "get_current_qpu": "qat.core.qpu:get_current_qpu",
    "get_default_qpu": "qat.modules:get_default_qpu",
}

__openqat_helpers__ = ("batches", "estimates", "evolution", "gradients", "prefixes", "progress", "simulation")
