"""What tells the stacks of a user apart, for those who learn what each needs of a QPU: a plain name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

__all__ = ["STACK_VARIABLE", "stack_name", "this_stack"]

STACK_VARIABLE = "QAT_STACK"
"""The variable of the environment that names the stack of a job; without it the name of the Slurm job does."""

_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9_.:+-]")
_MAX_BYTES = 100


def stack_name(text: str) -> str:
    """A text as the name of a stack: letters, digits and ``_.:+-``, others become ``_``, byte by byte.

    ``job_submit.lua`` does the same to the names of jobs.

    >>> stack_name("ScipyMinimizePlugin | SharedQPU"), stack_name("vqe (β=1)")
    ('ScipyMinimizePlugin___SharedQPU', 'vqe_____1_')
    """
    return _NOT_PLAIN.sub(b"_", text.encode("utf-8", "surrogateescape"))[:_MAX_BYTES].decode()


def this_stack(environment: Mapping[str, str] = os.environ) -> str:
    """The stack of the job that this process belongs to; empty if nobody has named it.

    >>> this_stack({"SLURM_JOB_NAME": "vqe.sbatch"}), this_stack({"QAT_STACK": "VQE", "SLURM_JOB_NAME": "openqat"})
    ('vqe.sbatch', 'VQE')
    """
    return stack_name(environment.get(STACK_VARIABLE) or environment.get("SLURM_JOB_NAME", ""))
