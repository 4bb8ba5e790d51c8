"""Observables and their terms. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.wrappers.observable import Observable, Term

__all__ = ["Observable", "Term"]
