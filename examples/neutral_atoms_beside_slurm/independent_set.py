"""A hybrid job for neutral atoms: the largest set of points of which no two are near, found by a pulse that is tuned.

Each atom is a point; an excited atom keeps its neighbours from being excited. The job sweeps the atoms from all in the
ground state towards many excited ones, measures how good the sets are that it finds, and tunes the pulse.

    H(t) = omega(t)/2 sum X_i - delta(t) sum n_i + interaction * sum over neighbours n_i n_j

It runs where `QAT_BROKER` says, on the pool "fresnel"; or on the pool or broker that is given:

    python independent_set.py [unix:/path/of/the/broker.sock]
"""

import sys

from qat.core import Observable, Schedule, Term, Variable
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import SharedQPU

NEIGHBOURS = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (0, 3)]
NB_ATOMS = 6
DURATION = 4.0  # microseconds
INTERACTION = 12.0  # radians / microsecond


def excited(*atoms):
    """n = (1 - Z) / 2 is 1 for an excited atom; the product of several."""
    product = Observable(NB_ATOMS, constant_coeff=1.0)
    for atom in atoms:
        product = product * Observable(NB_ATOMS, pauli_terms=[Term(-0.5, "Z", [atom])], constant_coeff=0.5)
    return product


def pulse():
    """The schedule, with the pulse's strength and its last detuning left open."""
    t, strength, detuning = Variable("t"), Variable("strength"), Variable("detuning")
    ramp = t / DURATION
    rotation = sum(Observable.sigma_x(atom, NB_ATOMS) for atom in range(NB_ATOMS))
    number = sum(excited(atom) for atom in range(NB_ATOMS))
    blockade = sum(excited(*pair) for pair in NEIGHBOURS)
    return Schedule(
        drive=[
            (2 * strength * ramp * (1 - ramp), rotation),
            (-detuning * (2 * ramp - 1), number),
            (INTERACTION, blockade),
        ],
        tmax=DURATION,
    )


def quality():
    """Minus the number of excited atoms, and a penalty for neighbours."""
    return 2 * sum(excited(*pair) for pair in NEIGHBOURS) - sum(excited(atom) for atom in range(NB_ATOMS))


def main(broker=None, qpu=None):
    """Tune the pulse, then take the best set that it finds."""
    qpu = qpu or SharedQPU("fresnel", broker=broker)
    optimizer = ScipyMinimizePlugin(method="COBYLA", tol=0.2, options={"maxiter": 12}, x0=[4.0, 1.5])
    tuned = (optimizer | qpu).submit(pulse().to_job(observable=quality(), nbshots=50))
    sampled = qpu.submit(pulse()(**tuned.parameter_map).to_job(nbshots=100))
    sets = {sample.state.bitstring: sample.probability for sample in sampled}
    allowed = [bits for bits in sets if not any(bits[i] == bits[j] == "1" for i, j in NEIGHBOURS)]
    best = max(allowed, key=lambda bits: (bits.count("1"), bits))
    print(f"<quality> = {tuned.value:.2f} after tuning {', '.join(tuned.parameter_map)}")
    print(f"the largest set has {best.count('1')} points: {best}, in {sets[best]:.0%} of the shots")


if __name__ == "__main__":
    main(*sys.argv[1:])
