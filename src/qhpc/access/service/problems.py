"""The error that users see."""

from __future__ import annotations

from typing import Any

from qat.comm.access.messages import Failure, Problem
from qat.comm.access.problems import PROBLEMS

__all__ = ["AccessProblem"]


class AccessProblem(Exception):  # noqa: N818 (named as it travels)
    """A request cannot be done; it is answered with a :class:`~qat.comm.access.messages.Problem`.

    Args:
        code: of ``qat.comm.access.problems``.
        detail: what was wrong (with the value), what was expected, what to do.
        failure: of the job.
        retry_after_s: when to try again.
        context: further values.

    >>> AccessProblem("unknown-job", "there is no job 'x'").answer("r1").status
    404
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        failure: Failure | None = None,
        retry_after_s: float | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.failure, self.retry_after_s = code, detail, failure, retry_after_s
        self.context = context or {}

    def answer(self, request_id: str | None) -> Problem:
        """The error as it travels."""
        kind = PROBLEMS[self.code]
        return Problem(
            title=kind.title,
            status=kind.status,
            detail=self.detail,
            code=self.code,
            request_id=request_id,
            retry_after_s=self.retry_after_s,
            failure=self.failure,
            context=self.context,
        )
