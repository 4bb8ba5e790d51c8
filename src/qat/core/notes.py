"""Notes which a plugin leaves with a batch on the way down and finds with its results on the way up.

They travel in the meta data, so that a plugin keeps no state of its own: one instance may serve many batches at a
time, and a remote one works as a local one. Notes of several instances of a plugin are a stack. A chain carries them
past plugins which drop the meta data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from qat.core.errors import ErrorType, PluginException
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult

__all__ = ["find_note", "restore_notes", "with_note"]

PREFIX = "note:"
"""How the keys of notes begin in meta data."""


def with_note(batch: Batch, jobs: Iterable[Job], name: str, note: Any) -> Batch:
    """A batch of ``jobs`` with the meta data of ``batch`` and a note, which must be valid JSON.

    >>> batch = with_note(Batch([]), [], "Doc", {"repeats": 3})
    >>> results = BatchResult(results=[], meta_data=batch.meta_data)
    >>> find_note(results, "Doc"), results.meta_data
    ({'repeats': 3}, {})
    """
    meta_data, key = dict(batch.meta_data or {}), PREFIX + name
    notes = [*json.loads(meta_data.get(key, "[]")), note]
    return Batch(list(jobs), meta_data={**meta_data, key: json.dumps(notes)})


def find_note(batch_result: BatchResult, name: str) -> Any:
    """The last note left under this name, taken off the results.

    Raises:
        PluginException: if the note is lost.
    """
    meta_data, key = dict(batch_result.meta_data or {}), PREFIX + name
    if key not in meta_data:
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            f"{name} does not find its note in the meta data of the results: a plugin below returned a new Batch or "
            "BatchResult without them; pass meta_data=batch.meta_data there.",
        )
    *rest, note = json.loads(meta_data.pop(key))
    if rest:
        meta_data[key] = json.dumps(rest)
    batch_result.meta_data = meta_data
    return note


def restore_notes(batch_result: BatchResult, sent: Mapping[str, str]) -> None:
    """Puts back, in place, the notes that were sent down and did not come up.

    >>> results = BatchResult()
    >>> restore_notes(results, {"note:Doc": "[1]", "other": "text"})
    >>> results.meta_data
    {'note:Doc': '[1]'}
    """
    meta_data = batch_result.meta_data or {}
    lost = {key: text for key, text in sent.items() if key.startswith(PREFIX) and key not in meta_data}
    if lost:
        batch_result.meta_data = {**meta_data, **lost}
