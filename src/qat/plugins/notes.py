"""Notes which a plugin leaves with a batch on the way down and finds with its results on the way up.

They travel in the meta data, so that a plugin keeps no state of its own: one instance may serve many batches at a
time, and a remote one works as a local one. Notes of several instances of a plugin are a stack.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from qat.core.errors import ErrorType, PluginException
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult

__all__ = ["find_note", "with_note"]


def with_note(batch: Batch, jobs: Iterable[Job], name: str, note: Any) -> Batch:
    """A batch of ``jobs`` with the meta data of ``batch`` and a note, which must be valid JSON.

    >>> batch = with_note(Batch([]), [], "Doc", {"repeats": 3})
    >>> results = BatchResult(results=[], meta_data=batch.meta_data)
    >>> find_note(results, "Doc"), results.meta_data
    ({'repeats': 3}, {})
    """
    meta_data = dict(batch.meta_data or {})
    notes = [*json.loads(meta_data.get(name, "[]")), note]
    return Batch(list(jobs), meta_data={**meta_data, name: json.dumps(notes)})


def find_note(batch_result: BatchResult, name: str) -> Any:
    """The last note left under this name, taken off the results.

    Raises:
        PluginException: if the note is lost.
    """
    meta_data = dict(batch_result.meta_data or {})
    if name not in meta_data:
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            f"{name} does not find its note in the meta data of the results: a plugin below returned a new Batch or "
            "BatchResult without them; pass meta_data=batch.meta_data there.",
        )
    *rest, note = json.loads(meta_data.pop(name))
    if rest:
        meta_data[name] = json.dumps(rest)
    batch_result.meta_data = meta_data
    return note
