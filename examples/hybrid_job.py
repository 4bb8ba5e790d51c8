"""The first hybrid program: the ground state of the hydrogen molecule, from a random start.

python examples/hybrid_job.py
"""

from chemistry import ground_state_job, load_molecule, report

from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg

jobs = ground_state_job("h2_sto3g")

stack = ScipyMinimizePlugin() | LinAlg()
results = stack.submit(jobs)

print(report(load_molecule("h2_sto3g"), results))
