"""What a job asks of Slurm: what its owner asked for, what its services expect, what the site gives."""

from pathlib import Path

import pytest

from qat.comm.access.messages import Estimate, Resources
from qhpc.access.launchers.protocol import Launch
from qhpc.access.launchers.slurm_requests import (
    assignment_of,
    batch_job,
    is_small,
    request_of,
    script,
    warm_job,
)
from qhpc.access.slurm_options import SlurmOptions
from qhpc.slurm.commands import InvalidOption

from ..submissions import call, submission

GRANTED = Resources(memory_bytes=8 << 30, nb_cores=64, nb_nodes=1, max_time_s=7 * 86400.0)
AT_QPU = Estimate(qpu_pools={"fresnel": None})
POOLS = {"fresnel": {"units": 100}, "iqm": {"license": "iqm@vendor"}}


def launch(*services, resources=None, estimate=None):
    message = submission(*services, resources=resources or Resources())
    return Launch(
        job_id="a", owner="ada", attempt=1, submission=message, resources=resources or GRANTED, estimate=estimate
    )


def asked(*services, options=None, **fields):
    return request_of(launch(*services or ("LinAlg",), **fields), SlurmOptions(pools=POOLS, **(options or {})))


def test_a_job_that_asks_for_nothing_gets_the_sites_defaults_and_not_a_whole_node():
    resources = asked().resources
    assert (resources.memory_bytes, resources.nb_cores, resources.max_time_s) == (2 << 30, 1, 86400.0)


def test_a_job_gets_twice_what_its_services_expect_but_not_more_than_it_may():
    assert asked(estimate=Estimate(memory_bytes=1 << 30)).resources.memory_bytes == 2 << 30
    assert asked(estimate=Estimate(memory_bytes=1)).resources.memory_bytes == 256 << 20
    assert asked(estimate=Estimate(memory_bytes=7 << 30)).resources.memory_bytes == 8 << 30


def test_a_job_gets_what_it_asks_for():
    wanted = Resources(memory_bytes=1 << 20, nb_cores=3, nb_nodes=2, max_time_s=5.0)
    assert asked(resources=wanted).resources == wanted


@pytest.mark.parametrize(
    ("qpu_pools", "licenses"),
    [
        ({}, {}),
        ({"fresnel": None}, {"qpu_fresnel": 100}),
        ({"iqm": None}, {"iqm@vendor": 250}),
        ({"fresnel": 0.33}, {"qpu_fresnel": 342}),
        ({"absent": 0.5}, {}),
        ({"iqm": 1, "fresnel": None}, {"qpu_fresnel": 100, "iqm@vendor": 1000}),
    ],
)
def test_licences_are_those_of_the_pools_that_the_stack_uses(qpu_pools, licenses):
    assert asked(estimate=Estimate(qpu_pools=qpu_pools)).licenses == licenses


def test_nothing_is_known_without_an_estimate():
    assert asked(call("SharedQPU", "fresnel")).licenses == {}


@pytest.mark.parametrize(("duty", "units"), [("0.1", 108), ("1", 1000), ("0.0004", 1), ("0.3", 312)])
def test_a_duty_is_asked_for_in_units(duty, units):
    request = asked(estimate=AT_QPU, resources=Resources(scheduling={"duty": duty}))
    assert request.licenses == {"qpu_fresnel": units} and "duty" not in request.options


@pytest.mark.parametrize("duty", ["0", "-1", "1.001", "nan", "inf", "much", ""])
def test_odd_duties_are_refused(duty):
    with pytest.raises(InvalidOption, match="duty"):
        asked(estimate=AT_QPU, resources=Resources(scheduling={"duty": duty}))


def test_options_of_users_are_those_that_the_site_allows():
    options = {"options": {"partition": "quantum", "qos": "low"}, "user_options": ["qos"]}
    request = asked(options=options, resources=Resources(scheduling={"qos": "high"}))
    assert request.options == {"partition": "quantum", "qos": "high"}
    with pytest.raises(InvalidOption, match="these may: duty, qos"):
        asked(options=options, resources=Resources(scheduling={"partition": "debug"}))


def test_jobs_are_charged_to_the_account_that_the_site_has_for_their_owner():
    options = {"options": {"account": "guests"}, "user_options": ["account"], "accounts": {"ada": "phys"}}
    assert asked(options=options).options == {"account": "phys"}
    assert asked(options={**options, "accounts": {"bob": "phys"}}).options == {"account": "guests"}
    assert asked(options=options, resources=Resources(scheduling={"account": "chem"})).options == {"account": "chem"}
    with pytest.raises(ValueError, match="accounts"):
        SlurmOptions(accounts={"ada": "phys; rm"})


def test_a_warm_runner_is_charged_as_the_jobs_of_its_user_are():
    options = SlurmOptions(accounts={"ada": "phys"}, warm_idle_s=60.0)
    given = launch("LinAlg", estimate=Estimate(duration_s=0.1, memory_bytes=1))
    assert is_small(given, request_of(given, options), options)
    warm = warm_job(Path("/spool/warm-1"), "ada", options, comment="k", identity=None)
    assert warm.options == {"account": "phys"}
    assert not warm_job(Path("/spool/warm-1"), "bob", options, comment="k", identity=None).options


@pytest.mark.parametrize("owner", ["", "ada"])
def test_the_run_is_told_whose_it_is_if_its_account_does_not_say_it(owner):
    assert assignment_of(launch("LinAlg"), GRANTED, owner).owner == owner


def test_the_batch_job():
    options = SlurmOptions(overhead_bytes=512 << 20)
    given = launch("LinAlg", resources=Resources(memory_bytes=1 << 30, max_time_s=120.0), estimate=Estimate())
    job = batch_job(given, request_of(given, options), Path("/spool/a.1"), options, comment="k.a.1", identity=(5, 6))
    assert (job.memory_mb, job.uid, job.gid, job.max_time_s) == (1536, 5, 6, 180.0)
    assert job.is_requeued and job.comment == "k.a.1" and job.name == "openqat"
    unknown = launch("LinAlg")
    job = batch_job(unknown, request_of(unknown, options), Path("/s"), options, comment="k", identity=None)
    assert not job.is_requeued and job.uid is None


@pytest.mark.parametrize("options", [{"options": {"uid": "0"}}, {"user_options": ["wrap"]}])
def test_a_site_cannot_let_users_set_everything(options):
    with pytest.raises(ValueError, match="no option of jobs"):
        SlurmOptions(**options)


def test_the_script_names_the_stack_for_those_who_learn_what_it_needs():
    stack = asked(call("qat.plugins:ScipyMinimizePlugin"), call("SharedQPU", "fresnel")).stack
    assert stack == "ScipyMinimizePlugin+SharedQPU"
    text = script(Path("/spool/a.1"), SlurmOptions(), [], 1, stack=stack)
    assert f"\nexport QAT_STACK={stack}\n" in text
    assert "QAT_STACK" not in script(Path("/spool/a.1"), SlurmOptions(), [], 1)
