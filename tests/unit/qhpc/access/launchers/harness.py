"""A launcher in an event loop of its own, the local one unless told otherwise, and what it has reported, by job."""

import asyncio
from collections import defaultdict
from itertools import count

from qat.comm.access.messages import Resources
from qhpc.access.launchers.local import LocalLauncher, LocalSettings
from qhpc.access.launchers.protocol import Ended, JobLogged, JobProgressed, JobStarted, Launch, Lost

from ..submissions import SITE, submission

PATIENCE_S = 60


class Harness:
    """Use it as a context; coroutines run by ``run``."""

    def __init__(self, launcher=None, **settings):
        settings = {"nb_runners": 2, "nb_spare": 1, "preload": (), "folders": (SITE,), **settings}
        self._runner = asyncio.Runner()
        self._numbers = count()
        self.reports = defaultdict(list)
        self.order = []
        self._news = asyncio.Condition()
        self.launcher = launcher or LocalLauncher(LocalSettings(**settings))

    def __enter__(self):
        self.run(self._open())
        return self

    def __exit__(self, *_):
        self.run(self._close())
        self._runner.close()

    def run(self, coroutine):
        return self._runner.run(asyncio.wait_for(coroutine, PATIENCE_S))

    async def _open(self):
        await self.launcher.open()
        self._listener = asyncio.create_task(self._listen())

    async def _close(self):
        await self.launcher.close()
        await self._listener

    async def _listen(self):
        async for report in self.launcher.reports():
            async with self._news:
                self.reports[report.job_id].append(report)
                self.order.append(report)
                self._news.notify_all()

    def launch(
        self, *services, owner="ada", attempt=1, resources=None, job_id=None, message=None, estimate=None, **fields
    ):
        job_id = job_id or f"job-{next(self._numbers)}"
        message = submission(*services, **fields) if message is None else message
        return Launch(
            job_id=job_id,
            owner=owner,
            attempt=attempt,
            submission=message,
            resources=resources or Resources(),
            estimate=estimate,
        )

    async def submit(self, launch):
        """Submit when there is room."""
        while not self.launcher.free_slots:
            await self.any_report()
        return await self.launcher.submit(launch)

    async def any_report(self):
        async with self._news:
            await self._news.wait()

    async def until(self, job_id, found):
        """Wait until ``found(reports of the job)`` is true, and give the reports."""
        async with self._news:
            await self._news.wait_for(lambda: found(self.reports[job_id]))
        return self.reports[job_id]

    async def end(self, job_id):
        reports = await self.until(job_id, lambda found: any(isinstance(each, Ended | Lost) for each in found))
        return reports[-1]

    async def begun(self, job_id):
        """Pids of the job that says that it has begun."""

        def said(reports):
            return [line for line in texts(reports) if line.startswith("begun")]

        reports = await self.until(job_id, said)
        return [int(pid) for pid in said(reports)[0].split()[1:]]

    async def done(self, *services, **fields):
        """Run a job to its end: its last report."""
        launch = self.launch(*services, **fields)
        await self.submit(launch)
        return await self.end(launch.job_id)


def texts(reports):
    """Lines of the log among reports."""
    return [line.text for report in reports if isinstance(report, JobLogged) for line in report.lines]


def progress(reports):
    return [report.progress for report in reports if isinstance(report, JobProgressed)]


def kinds(reports):
    """What happened, without log and progress."""
    return [type(report) for report in reports if isinstance(report, JobStarted | Ended | Lost)]
