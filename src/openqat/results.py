"""Results as text, and in formats that other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from qat.core.wrappers.result import BatchResult, Result

__all__ = ["FORMATS", "as_data", "shown"]


def _results(value: Any) -> list[Result]:
    """The single results in a value; none when it is something else."""
    if isinstance(value, Result):
        return [value]
    return list(value.results) if isinstance(value, BatchResult) else []


def _rows(result: Result) -> list[dict[str, Any]]:
    """The samples of a result."""
    return [
        {"state": str(sample.state), "probability": sample.probability, "amplitude": sample.amplitude}
        for sample in (result if result.value is None else ())
    ]


def shown(value: Any) -> str:
    """A result as text; anything else as Python prints it.

    >>> print(shown(Result(value=0.5)), end="")
    value 0.5
    """
    results = _results(value)
    if not results:
        return f"{value}\n"
    parts = [_shown(result) for result in results]
    return parts[0] if isinstance(value, Result) else "".join(f"job {n}\n{part}" for n, part in enumerate(parts))


def _shown(result: Result) -> str:
    lines = [] if result.value is None else [f"value {result.value}"]
    for row in _rows(result):
        amplitude = "" if row["amplitude"] is None else f"  {row['amplitude']:.6g}"
        lines.append(f"{row['state']}  {row['probability']:.6g}{amplitude}")
    lines += [f"{name} {value}" for name, value in (result.parameter_map or {}).items()]
    return "".join(f"{line}\n" for line in lines)


def _native(value: Any) -> bytes:
    """The file that ``load`` of the value's class reads."""
    from qat.comm.arguments import encode_argument
    from qat.core.serialization import Serializable

    return value.to_bytes() if isinstance(value, Serializable) else encode_argument(value, "the answer")


def _json(value: Any) -> bytes:
    """Values, samples and meta data as JSON; complex numbers as [real, imaginary]."""
    import msgspec

    results = [_plain(result) for result in _results(value)]
    content = results[0] if isinstance(value, Result) else results or value
    return msgspec.json.format(msgspec.json.encode(content, enc_hook=_encodable), indent=2) + b"\n"


def _plain(result: Result) -> dict[str, Any]:
    samples = [{**row, "probability": float(row["probability"])} for row in _rows(result)]
    return {
        "value": result.value, "samples": samples, "parameter_map": result.parameter_map, "meta_data": result.meta_data,
    }  # fmt: skip


def _encodable(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value.item() if hasattr(value, "item") else str(value)


def _csv(value: Any) -> bytes:
    """A line for each sample or value: job, state, probability, amplitude (real, imaginary), value."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["job", "state", "probability", "amplitude_re", "amplitude_im", "value"])
    for number, result in enumerate(_results(value)):
        if result.value is not None:
            writer.writerow([number, "", "", "", "", result.value])
        for row in _rows(result):
            amplitude = row["amplitude"]
            parts = ["", ""] if amplitude is None else [amplitude.real, amplitude.imag]
            writer.writerow([number, row["state"], row["probability"], *parts, ""])
    return text.getvalue().encode()


FORMATS: dict[str, Callable[[Any], bytes]] = {"native": _native, "json": _json, "csv": _csv}
"""Formats of files by name."""


def as_data(value: Any, form: str) -> bytes:
    """A result in one of the ``FORMATS``.

    >>> as_data(Result(value=0.5), "csv").splitlines()[1]
    b'0,,,,,0.5'
    """
    return FORMATS[form](value)
