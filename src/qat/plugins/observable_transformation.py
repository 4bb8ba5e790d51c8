"""Fermionic observables as spin observables."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from importlib import import_module
from typing import Any

from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.job import Batch, Job

__all__ = ["TransformObservable"]

TRANSFORMS = {
    "jordan-wigner": "transform_to_jw_basis",
    "bravyi-kitaev": "transform_to_bk_basis",
    "parity-basis": "transform_to_parity_basis",
}


class TransformObservable(AbstractPlugin):
    """Rewrites the fermionic observable of each job as a spin observable; spin observables pass unchanged.

    The transformations are those of the ``qat.fermion`` distribution, which must be installed.

    Args:
        name: ``jordan-wigner``, ``bravyi-kitaev`` or ``parity-basis``.

    Raises:
        ValueError: for any other name.

    >>> TransformObservable("jordan-wigner").transforms["jordan-wigner"]
    'transform_to_jw_basis'
    """

    transforms = TRANSFORMS

    def __init__(self, name: str) -> None:
        super().__init__()
        if name not in TRANSFORMS:
            raise ValueError(f"Unknown transformation {name!r}; choose one of {', '.join(TRANSFORMS)}")
        self.name = name

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Transforms the observable of every job."""
        return Batch([self._transformed(job) for job in batch.jobs], meta_data=batch.meta_data)

    def _transformed(self, job: Job) -> Job:
        if not _is_fermionic(job.observable):
            return job
        changed = copy(job)
        changed.observable = _transform(TRANSFORMS[self.name])(job.observable)
        return changed


def _is_fermionic(observable: Any) -> bool:
    if observable is None:
        return False
    return any(not set(term.op) <= set("IXYZ") for term in observable.terms)


def _transform(function: str) -> Callable[[Any], Any]:
    try:
        module = import_module("qat.fermion.transforms")
    except ImportError as error:
        raise ImportError(
            "TransformObservable needs the qat.fermion package; install it, for example myqlm-fermion"
        ) from error
    transform: Callable[[Any], Any] = getattr(module, function)
    return transform
