"""An analog program: a Rydberg-like anneal of three atoms, built as a schedule, printed, and simulated.

The time-dependent Hamiltonian is H(t) = Omega(t) sum X_i - delta(t) sum n_i + V sum n_i n_j. Gate simulators do not run
schedules; neutral-atom QPUs do, and so does AnalogQPU.

    python examples/analog_schedule.py
"""

from qat.core import Observable, Schedule, Term, Variable
from qat.qpus import AnalogQPU

NB_ATOMS = 3
DURATION = 4.0  # microseconds
INTERACTION = 8.0  # rad / microsecond, between neighbours


def number(atom: int) -> Observable:
    """n = (1 - Z) / 2, which is 1 for an excited atom."""
    return Observable(NB_ATOMS, pauli_terms=[Term(-0.5, "Z", [atom])], constant_coeff=0.5)


def main() -> None:
    t = Variable("t")
    ramp = t / DURATION
    drive = sum(Observable.sigma_x(atom, NB_ATOMS) for atom in range(NB_ATOMS))
    detuning = sum(number(atom) for atom in range(NB_ATOMS))
    blockade = sum(number(atom) * number(atom + 1) for atom in range(NB_ATOMS - 1))
    schedule = Schedule(
        drive=[(4 * ramp * (1 - ramp), drive), (-6 * (2 * ramp - 1), detuning), (INTERACTION, blockade)],
        tmax=DURATION,
    )

    print(f"{schedule.nbqbits} atoms, {schedule.tmax} us, {len(schedule.drive)} terms in {schedule.get_variables()}")
    for coefficient, observable in schedule.drive:
        print(f"\n{coefficient}  times\n{observable}")
    middle = schedule(t=DURATION / 2)
    print("\ncoefficients at half time:", [float(coefficient) for coefficient, _ in middle.drive])
    job = schedule.to_job(nbshots=100)
    print(f"job: {job.nbshots} shots of a schedule of {job.schedule.tmax} us on {job.schedule.nbqbits} atoms")
    outcomes = sorted(AnalogQPU(seed=1).submit(job), key=lambda sample: -sample.probability)
    print("most frequent:", ", ".join(f"{sample.state} {sample.probability:.0%}" for sample in outcomes[:3]))


if __name__ == "__main__":
    main()
