"""The catalogue with a real clerk: what it answers, and that it outlives whatever happens to the clerk."""

import asyncio
import subprocess
import sys
import tempfile

import pytest

from qhpc.access.catalogue import CatalogueSettings, ClerkCatalogue
from qhpc.access.launchers.processes import ChildSettings, _marked
from qhpc.access.launchers.protocol import InvalidSubmission, LaunchError
from qhpc.access.rebuild.policy import ServicePolicy, SubmissionLimits

from .submissions import SITE, call, ghz_job, submission


def with_catalogue(use, **settings):
    """Run ``use(catalogue)`` with a catalogue of the site."""

    async def run():
        process = ChildSettings(folders=(SITE,))
        catalogue = ClerkCatalogue(CatalogueSettings(process=process, **settings))
        try:
            return await asyncio.wait_for(use(catalogue), 60)
        finally:
            await catalogue.close()

    return asyncio.run(run())


def test_services_and_inspections():
    async def use(catalogue):
        await catalogue.open()
        names = {f"{view.kind}:{view.name}" for view in await catalogue.services()}
        assert {"qat.qpus:LinAlg", "qat.plugins:ScipyMinimizePlugin", "qat.qpus:Answering"} <= names
        assert not {"qat.plugins:Lost", "qat.qpus:PyLinalg", "qat.qpus:QPUHandler"} & names
        inspection = await catalogue.inspect(submission("qat.plugins:ScipyMinimizePlugin", "LinAlg"))
        assert inspection.stack == "ScipyMinimizePlugin | LinAlg"
        assert inspection.estimate.nb_qubits == 4 and inspection.estimate.is_safe_to_retry
        assert (await catalogue.inspect(submission("Answering"))).estimate.is_safe_to_retry is False
        assert (await catalogue.inspect(submission("LinAlg", jobs=[ghz_job(40)]))).estimate.memory_bytes >= 16 << 40
        for message, code in (
            (submission("LinAlgg"), "unknown-service"),
            (submission("PyLinalg"), "unknown-service"),
            (submission("LinAlg", "LinAlg"), "invalid-stack"),
            (submission(call("LinAlg", precision=7)), "invalid-argument"),
            (submission(call("Failing", "crash_not", when="made")), "invalid-argument"),
            (b"junk", "malformed-request"),
            (submission("LinAlg", jobs=[ghz_job(51)]), "does-not-fit"),
            (b"x" * 2_000_000, "too-large"),
        ):
            with pytest.raises(InvalidSubmission) as caught:
                await catalogue.inspect(message)
            assert caught.value.code == code

    limits = SubmissionLimits(max_bytes=1_000_000, max_qubits=50)
    with_catalogue(use, policy=ServicePolicy(deny=("qat.qpus:PyLinalg",)), limits=limits)


def test_questions_are_answered_each_with_its_own_answer():
    async def use(catalogue):
        sizes = [1 + index % 7 for index in range(60)]
        found = await asyncio.gather(*(catalogue.inspect(submission("LinAlg", jobs=[ghz_job(n)])) for n in sizes))
        assert [inspection.estimate.nb_qubits for inspection in found] == sizes

    with_catalogue(use)


def test_a_crash_of_the_clerk_hurts_only_the_submission_that_caused_it():
    async def use(catalogue):
        crash = submission(call("CrashingEstimate", "crash"))
        outcomes = await asyncio.gather(
            catalogue.inspect(submission("LinAlg")),
            catalogue.inspect(crash),
            *(catalogue.inspect(submission("LinAlg")) for _ in range(3)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], LaunchError) and outcomes[1].retryable
        assert [outcome.stack for outcome in outcomes[:1] + outcomes[2:]] == ["LinAlg"] * 4
        with pytest.raises(LaunchError):
            await catalogue.inspect(crash)
        with pytest.raises(InvalidSubmission, match="more than once"):
            await catalogue.inspect(crash)
        assert (await catalogue.inspect(submission("LinAlg"))).stack == "LinAlg"

    with_catalogue(use)


def test_a_service_that_fails_or_eats_memory_leaves_the_clerk_alive():
    async def use(catalogue):
        await catalogue.open()
        with pytest.raises(LaunchError, match="no idea") as caught:
            await catalogue.inspect(submission(call("CrashingEstimate", "fail")))
        assert not caught.value.retryable
        with pytest.raises(InvalidSubmission) as refused:
            await catalogue.inspect(submission(call("CrashingEstimate", "memory")))
        assert refused.value.code == "does-not-fit"
        told = await catalogue.inspect(submission(call("CrashingEstimate", "tell")))
        assert (told.estimate.memory_bytes, told.estimate.duration_s) == (2_000_000, 180.0)

    with_catalogue(use)


def test_a_look_that_takes_too_long_is_ended():
    async def use(catalogue):
        await catalogue.open()
        with pytest.raises(LaunchError) as caught:
            await catalogue.inspect(submission(call("CrashingEstimate", "block")))
        assert caught.value.retryable
        assert (await catalogue.inspect(submission("LinAlg"))).stack == "LinAlg"

    with_catalogue(use, deadline_s=0.5)


def test_folders_of_servers_that_were_killed_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left, foreign = tmp_path / f"openqat-clerk-{ended.pid}-x", tmp_path / "openqat-clerk-notes-x"
    for folder in (left, foreign):
        folder.mkdir()
        (folder / "file").touch()

    async def use(catalogue):
        await catalogue.open()
        assert not left.exists() and foreign.exists()
        assert len(list(tmp_path.iterdir())) == 2

    with_catalogue(use)
    assert list(tmp_path.iterdir()) == [foreign]


def test_more_questions_than_allowed_are_refused_and_closing_ends_the_clerk():
    async def use(catalogue):
        await catalogue.open()
        block = asyncio.ensure_future(catalogue.inspect(submission(call("CrashingEstimate", "block"))))
        await asyncio.sleep(0)
        with pytest.raises(LaunchError, match="too many"):
            await catalogue.inspect(submission("LinAlg"))
        mark = catalogue._clerk.child.mark
        await catalogue.close()
        with pytest.raises(LaunchError, match="shutting down"):
            await block
        assert not list(_marked(mark))

    with_catalogue(use, max_questions=1)
