"""The execution loop of a stack: compile down, run, post-process up, again below a plugin that resubmits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qat.core.errors import ErrorType, PluginException
from qat.core.notes import restore_notes
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result

if TYPE_CHECKING:
    from qat.core.plugins import AbstractPlugin
    from qat.core.wrappers.hardware_specs import HardwareSpecs

__all__ = ["PluginContractError", "SubmissionError", "as_batch", "compile_down", "run_chain", "specs_by_level"]


class PluginContractError(PluginException, AssertionError):
    """A plugin broke the protocol: return a Batch from ``compile``, a BatchResult or a Batch from ``post_process``."""


class SubmissionError(TypeError, AttributeError):
    """Something that is not a job was submitted: pass a Job, a list of jobs or a Batch."""


def run_chain(
    plugins: Sequence[AbstractPlugin],
    execute: Callable[[Batch], BatchResult],
    batch: Batch,
    specs: HardwareSpecs,
    *,
    single: bool = False,
) -> BatchResult:
    """Run a batch through plugins, outermost first, and what lies below them.

    A plugin whose ``post_process`` returns a Batch has it run by the stages below it, which then see no specs
    (None), as often as it likes; nothing bounds it, but Ctrl-C stops it.

    Args:
        plugins: the plugins, outermost first.
        execute: runs a batch below the last plugin.
        batch: the jobs.
        specs: specs of what lies below the last plugin.
        single: whether one job was submitted, which must come out as one result.

    Raises:
        PluginContractError: a plugin did not keep the protocol; the message names it.
    """
    level, depth = 0, len(plugins)
    specs_seen: Sequence[Any] = specs_by_level(plugins, specs)
    given, returned = [0] * depth, [0] * depth
    sent: list[Any] = [None] * depth
    while True:
        for index in range(level, depth):
            given[index] = len(batch.jobs)
            batch = _compiled(plugins[index], batch, specs_seen[index])
            sent[index] = batch.meta_data
        results = execute(batch)
        for index in range(depth - 1, -1, -1):
            if sent[index]:
                restore_notes(results, sent[index])
            answer = _post_processed(plugins[index], results)
            if isinstance(answer, Batch):
                batch, level, specs_seen = answer, index + 1, [None] * depth
                break
            results, returned[index] = answer, len(answer.results)
        else:
            if single and len(results.results) != 1:
                raise _wrong_count(plugins, given, returned, len(results.results))
            return results


def specs_by_level(plugins: Sequence[AbstractPlugin], specs: HardwareSpecs) -> list[HardwareSpecs]:
    """The specs each plugin sees: those of the QPU as changed by the plugins below it."""
    seen = [specs]
    for plugin in reversed(plugins[1:]):
        seen.append(plugin.get_specs(seen[-1]))
    seen.reverse()
    return seen


def compile_down(plugins: Sequence[AbstractPlugin], batch: Batch, specs: HardwareSpecs) -> Batch:
    """Only the compilation: the batch as it leaves the last plugin."""
    for plugin, plugin_specs in zip(plugins, specs_by_level(plugins, specs), strict=False):
        batch = _compiled(plugin, batch, plugin_specs)
    return batch


def as_batch(jobs: Any, meta_data: dict[str, str] | None = None) -> Batch:
    """The batch to run for what a user submitted; the user's own Batch object is left as it is.

    Raises:
        SubmissionError: it is not a Job, a list of jobs or a Batch.
    """
    if isinstance(jobs, Job):
        return Batch([jobs], meta_data={**meta_data} if meta_data else {})
    if isinstance(jobs, Batch):
        return Batch(list(jobs.jobs or ()), meta_data={**(jobs.meta_data or {}), **(meta_data or {})})
    if isinstance(jobs, list | tuple) and all(isinstance(job, Job) for job in jobs):
        return Batch(list(jobs), meta_data={**meta_data} if meta_data else {})
    raise SubmissionError(_not_jobs(jobs))


def _not_jobs(jobs: Any) -> str:
    odd = jobs
    if isinstance(jobs, list | tuple):
        odd = next(job for job in jobs if not isinstance(job, Job))
    cure = "; call its to_job() first" if hasattr(odd, "to_job") else ""
    return f"expected a Job, a list of jobs or a Batch, got {_named(odd)}{cure}"


def _compiled(plugin: AbstractPlugin, batch: Batch, specs: Any) -> Batch:
    compiled = plugin.compile(batch, specs)
    if not isinstance(compiled, Batch):
        raise _broken(plugin, f"compile returned {_named(compiled)} instead of a Batch; end it with 'return batch'")
    _check_content(plugin, "compile", compiled, compiled.jobs, Job)
    return compiled


def _post_processed(plugin: AbstractPlugin, results: BatchResult) -> BatchResult | Batch:
    if not plugin.do_post_processing():
        return results
    answer = plugin.post_process(results)
    if isinstance(answer, BatchResult):
        _check_content(plugin, "post_process", answer, answer.results, Result)
    elif isinstance(answer, Batch):
        _check_content(plugin, "post_process", answer, answer.jobs, Job)
    else:
        raise _broken(
            plugin,
            f"post_process returned {_named(answer)} instead of a BatchResult (or a Batch to run again); "
            "end it with 'return batch_result'",
        )
    return answer


def _check_content(plugin: AbstractPlugin, method: str, container: Any, items: Any, expected: type) -> None:
    """Check that a Batch holds jobs, or a BatchResult results."""
    for item in items or ():
        if not isinstance(item, expected):
            raise _broken(
                plugin,
                f"{method} returned a {type(container).__name__} with {_named(item)} among the {expected.__name__}s; "
                f"give {expected.__name__}s only",
            )


def _named(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _broken(plugin: AbstractPlugin, message: str) -> PluginContractError:
    return PluginContractError(ErrorType.INVALID_ARGS, type(plugin).__module__, f"{type(plugin).__name__}: {message}")


def _wrong_count(
    plugins: Sequence[AbstractPlugin], given: list[int], returned: list[int], count: int
) -> PluginContractError:
    """The innermost plugin that did not give back as many results as it was given jobs is the one to name."""
    culprit = max((i for i in range(len(plugins)) if given[i] != returned[i]), default=0)
    return _broken(
        plugins[culprit],
        f"Expected a single result at the end of the post processing, got {count}. This plugin was given "
        f"{given[culprit]} job(s) and returned {returned[culprit]} result(s); combine them in post_process",
    )
