"""Records what slurmrestd answers, from a private cluster, for the tests of the parsers.

PYTHONPATH=src:. python tests/unit/qhpc/slurm/rest/record.py
"""

import asyncio
import os
from pathlib import Path

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.commands import PLAIN_ENVIRONMENT, BatchJob
from qhpc.slurm.rest.control import token_headers
from qhpc.slurm.rest.link import RestAddress, ask
from qhpc.slurm.rest.requests import RestRequest, cancel_request, environment_in, list_request, submit_request
from tests.unit.qhpc.slurm.record_endings import private_cluster

FOLDER = Path(__file__).with_name("recorded")
PLACE = Path("/tmp")


def batch_job(**fields):
    given = {
        "script": PLACE / "script", "environment": PLACE / "environment", "directory": PLACE, "name": "openqat",
        "comment": "key.1", "stdout": Path("/dev/null"), "stderr": Path("/dev/null"), "memory_mb": 50, "nb_cores": 1,
    }  # fmt: skip
    return BatchJob(**given | fields)


def main():
    with private_cluster(ClusterShape(has_rest=True, licenses={"qpu_fresnel": 1000})) as cluster:
        token = cluster.call("scontrol", "token", "lifespan=600").strip().removeprefix("SLURM_JWT=").encode()

        def keep(name, request, token=token):
            status, body = asyncio.run(ask(RestAddress(path=str(cluster.rest)), request, token_headers(token, 0), 20))
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{name}.{status}.json").write_bytes(body.replace(str(cluster.directory).encode(), b"/private"))

        def submit(answer, text="#!/bin/sh\nexec sleep 60\n", **fields):
            keep(answer, submit_request(batch_job(**fields), text, environment_in(PLAIN_ENVIRONMENT)))

        submit("submitted", comment="key.1", licenses={"qpu_fresnel": 250}, max_time_s=90, nb_nodes=1)
        submit("submitted", comment="key.2", licenses={"qpu_fresnel": 800})
        submit("submitted", comment="key.3", text="#!/bin/sh\nexit 3\n", name="other")
        submit("refused_license", licenses={"qpu_fresnel": 1800})
        submit("refused_partition", options={"partition": "absent"})
        cluster._wait(lambda: "FAILED" in cluster.call("squeue", "-t", "all", "-o", "%T"), "no job has failed")
        cluster._wait(lambda: "RUNNING" in cluster.call("squeue", "-t", "all", "-o", "%T"), "no job runs")
        keep("jobs", list_request("jobs"))
        keep("job", list_request("job/1"))
        keep("licenses", list_request("licenses"))
        keep("no_job", list_request("job/777"))
        keep("not_cancelled", cancel_request(777))
        keep("cancelled", cancel_request(1))
        keep("bad_token", list_request("jobs"), token[:-4] + b"AAAA")
        keep("unparsable", RestRequest("POST", "/slurm/v0.0.38/job/submit", b'{"job": {"nonsense": 1}}'))
        keep("no_version", RestRequest("GET", "/slurm/v0.0.99/jobs"))
        os.kill(cluster.pid("slurmctld"), 9)
        keep("cut_off", list_request("jobs"))
        submit("cut_off_submit")
        cluster.start_daemon("slurmctld")


if __name__ == "__main__":
    main()
