"""Short words for the laboratory's tests."""

from hypothesis import strategies as st

from qhpc.lab.bounds import bounds_of
from qhpc.lab.comparison import run_checked
from qhpc.lab.measures import measure
from qhpc.lab.workload import DevicePool, JobPlan, Phase, Workload

ONE_QPU = (DevicePool(),)


ONE_QPU = (DevicePool(),)


def job(name, *phases, **fields):
    """A job of phases (classical_s, quantum_s[, shots])."""
    return JobPlan(id=name, **{"arrival_s": 0.0, "phases": tuple(Phase(*phase) for phase in phases), **fields})


def workload(*jobs, **fields):
    return Workload(name="test", jobs=jobs, **fields)


def identical(count, nb_phases, classical_s, quantum_s, pools=ONE_QPU, **fields):
    phases = [(classical_s, quantum_s)] * nb_phases
    return workload(*(job(f"j{number}", *phases, **fields) for number in range(count)), pools=pools)


def measured(given, who):
    bounds = bounds_of(given)
    return measure(run_checked(given, who, bounds), bounds)


seconds = st.integers(0, 40).map(float)
durations = st.integers(1, 40).map(float)


@st.composite
def workloads(draw):
    """Small workloads of every kind that the lab knows, without outages."""
    pools = (
        DevicePool(nb_qpus=draw(st.integers(1, 3)), slice_s=draw(st.sampled_from([None, 5.0]))),
        DevicePool(name="other", prefetch_depth=draw(st.integers(0, 3))),
    )
    nb_nodes = draw(st.sampled_from([None, 4]))
    jobs = [
        job(
            f"j{number}",
            *draw(st.lists(st.tuples(seconds, durations, st.sampled_from([0, 1, 100])), min_size=1, max_size=4)),
            arrival_s=draw(seconds),
            tail_s=draw(seconds),
            pool=draw(st.sampled_from(["qpu", "other"])),
            user=draw(st.sampled_from("ab")),
            nb_nodes=draw(st.integers(1, 4)),
            declared_duty=draw(st.sampled_from([None, 0.01, 1.0])),
            restart_s=draw(st.sampled_from([None, 3.0])),
            latency_s=draw(st.sampled_from([0.0, 2.0])),
            priority_class=draw(st.sampled_from(["production", "development"])),
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return workload(*jobs, pools=pools, nb_nodes=nb_nodes)
