"""The second hybrid program: the same stack on a server, which rebuilds it and optimises next to the QPU.

python examples/remote_vqe.py     (starts a server of its own, as `qat up` does, and stops it at the end)
"""

from chemistry import ground_state_job, load_molecule, report
from own_server import own_server

jobs = ground_state_job("h2_sto3g")

with own_server():
    from qlmaas.plugins import ScipyMinimizePlugin
    from qlmaas.qpus import LinAlg

    stack = ScipyMinimizePlugin() | LinAlg()
    future_results = stack.submit(jobs)
    results = future_results.join()

print(report(load_molecule("h2_sto3g"), results))
