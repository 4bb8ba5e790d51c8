"""Quotas: what is refused before it is queued, and when it may go again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.broker.messages import CancelTask, OpenSession, Refused, SubmitTask
from qhpc.broker.brokerage import Brokerage, Rules, Who
from qhpc.broker.drivers.messages import Attached, SliceBegun, SliceBroken, SliceEnded
from qhpc.broker.quotas import Quota, QuotaBook, Quotas, allowed
from qhpc.broker.settings import settings_in
from qhpc.broker.settings_file import BadSettings
from qhpc.broker.usage_rows import SliceRow
from qhpc.scheduling.model import Pool

PERIOD_S = 1200.0


def book(**quotas):
    return QuotaBook(Quotas(period_s=PERIOD_S, **quotas))


@pytest.mark.parametrize(("used_s", "waiting_s", "estimate_s", "is_allowed"), [
    (0.0, 0.0, 10.0, True), (0.0, 0.0, 10.1, False), (4.0, 3.0, 3.0, True), (4.0, 3.0, 3.1, False),
    (10.0, 0.0, 0.0, False), (0.0, 10.0, 0.0, False), (9.9, 0.0, 0.0, True), (11.0, 0.0, 1.0, False),
])  # fmt: skip
def test_what_is_allowed(used_s, waiting_s, estimate_s, is_allowed):
    assert (allowed(used_s, waiting_s, estimate_s, Quota(10.0, 60.0)) is None) == is_allowed


def test_reasons():
    quota = Quota(3600.0, 30 * 86400.0)
    text = "3600 s of QPU in 30 days: 3500 s are used and 60 s wait, and this task needs 100 s"
    assert allowed(3500.0, 60.0, 100.0, quota) == text
    assert allowed(3600.0, 0.0, 0.0, quota).endswith("and nothing is left")


def test_users_accounts_and_those_who_are_named():
    quotas = book(user_s=10.0, account_s=20.0, users={"ada": 100.0}, accounts={"rich": 1e6})
    assert "user bob is 10 s" in quotas.objection("bob", "phys", 11.0, {}, 0.0)
    assert "account phys is 20 s" in quotas.objection("ada", "phys", 21.0, {}, 0.0)
    assert quotas.objection("ada", "rich", 100.0, {}, 0.0) is None
    assert "user ada is 100 s" in quotas.objection("ada", "rich", 100.1, {}, 0.0)
    assert book().objection("ada", "phys", 1e9, {}, 0.0) is None


def test_an_account_is_used_by_all_of_its_users():
    quotas = book(account_s=20.0)
    quotas.count("ada", "phys", time_s=0.0, used_s=15.0)
    quotas.count("bob", "chem", time_s=0.0, used_s=15.0)
    assert "15 s are used" in quotas.objection("bob", "phys", 6.0, {}, 1.0)
    assert quotas.objection("bob", "phys", 5.0, {("account", "chem"): 9.0}, 1.0) is None
    assert "3 s wait" in quotas.objection("bob", "phys", 5.0, {("account", "phys"): 3.0}, 1.0)


USES = st.lists(st.tuples(st.floats(0.0, 4 * PERIOD_S), st.floats(0.0, 50.0)), max_size=60)


@given(USES, st.floats(0.0, 5 * PERIOD_S))
def test_use_counts_for_a_period(uses, now_s):
    quotas = book(user_s=0.0)
    for time_s, used_s in sorted(uses):
        quotas.count("ada", "", time_s=time_s, used_s=used_s)
    said = quotas.objection("ada", "", 1.0, {}, max(now_s, *(time_s for time_s, _ in uses), 0.0))
    now_s = max(now_s, *(time_s for time_s, _ in uses), 0.0)
    counted_s = float(said.split(": ")[1].split(" s ")[0])
    surely_s = sum(used_s for time_s, used_s in uses if time_s > now_s - PERIOD_S)
    at_most_s = sum(used_s for time_s, used_s in uses if time_s > now_s - PERIOD_S * 122 / 120)
    assert surely_s * 0.999 - 1e-3 <= counted_s <= at_most_s * 1.001 + 1e-3


class Site:
    """A broker's heart with quotas, one session and one QPU."""

    def __init__(self, quotas):
        self.book = quotas
        self.heart = Brokerage(
            Rules(pools=(Pool(name="p", qpus=("q",)),)),
            b"".join,
            self.book.allows,
        )
        self.heart.begin(0.0)
        self.heart.driver_attached("q", Attached(1, "first", "q", b""), 0.0)
        self.nb_records = 0
        self.take()
        self.heart.job_opens("c", OpenSession(1, "p", "vqe"), Who("ada", account="phys"), 0.0)
        self.take()

    def take(self):
        """What jobs were told, after everything was written."""
        told = []
        while turn := self.heart.take():
            self.nb_records += len(turn.records)
            self.heart.safe(self.nb_records)
            told += [message for _, message in turn.to_jobs]
            self.book.count_rows(turn.rows)
        return told

    def say(self, message, now_s=1.0):
        self.heart.job_says("c", message, now_s)
        return self.take()

    def submit(self, key, duration_s, now_s=1.0):
        """Whether a task is queued."""
        refusals = [m for m in self.say(SubmitTask(key, b"", duration_s=duration_s), now_s) if isinstance(m, Refused)]
        assert all((m.code, m.key) == ("quota", key) for m in refusals)
        return not refusals

    def drive(self, message, now_s=2.0):
        self.heart.driver_says("q", message, now_s)
        return self.take()

    @property
    def expected_s(self):
        return dict(self.heart.expected_s)


def test_tasks_that_wait_count_until_they_have_run():
    site = Site(book(account_s=10.0))
    assert site.submit("t", 6.0)
    assert not site.submit("u", 5.0)
    assert site.submit("v", 4.0)
    assert site.expected_s == {("user", "ada"): 10.0, ("account", "phys"): 10.0}
    site.drive(SliceBegun("ada:vqe/t", 1))
    site.drive(SliceEnded("ada:vqe/t", 1, 0, 3.0, 0.5, b"r"))  # sooner than expected
    assert site.expected_s == {("user", "ada"): 4.0, ("account", "phys"): 4.0}
    assert site.submit("u", 3.0)
    assert not site.submit("w", 0.1)
    assert site.submit("w", 2.9, now_s=1.0 + PERIOD_S * 1.1)  # what ran is long ago


def test_what_is_cancelled_or_fails_does_not_wait_any_more():
    site = Site(book(user_s=10.0))
    assert site.submit("t", 6.0)
    assert site.submit("u", 4.0)
    assert not site.submit("v", 1.0)
    site.say(CancelTask("u"))
    assert site.expected_s[("user", "ada")] == 6.0
    site.drive(SliceBroken("ada:vqe/t", 1, "wrong gate"))
    assert site.expected_s == {}
    assert site.submit("v", 10.0)


def test_the_same_task_again_is_no_new_one():
    site = Site(book(user_s=10.0))
    assert site.submit("t", 6.0)
    assert site.submit("t", 6.0)
    assert site.expected_s[("user", "ada")] == 6.0


def test_what_may_not_have_run_costs_nothing():
    row = SliceRow("ada:vqe", 0.0, "t", 1, "ada", "phys", None, "q", "p", 1.0, 7.0, 0.0, 0, "lost")
    quotas = book(user_s=10.0)
    quotas.count_rows([row])
    assert quotas.objection("ada", "phys", 10.0, {}, 2.0) is None
    quotas.count_rows([row._replace(outcome="failed"), row._replace(outcome="finished", busy_s=1.0)])
    assert "8 s are used" in quotas.objection("ada", "phys", 10.0, {}, 2.0)


def test_a_session_that_ends_gives_back_what_it_had_queued():
    site = Site(book(user_s=10.0))
    site.submit("t", 6.0)
    site.submit("u", 4.0)
    site.heart.close_session("ada:vqe", "over", 3.0)
    site.take()
    assert site.expected_s.get(("user", "ada")) == 6.0  # it still runs
    site.drive(SliceEnded("ada:vqe/t", 1, 0, 6.0, 0.5, b"r"), 4.0)
    assert site.expected_s == {}


SETTINGS = """
directory = "/srv/b"
[quotas]
period_s = 86400
user_s = 3600
accounts = { phys = 7200.0 }
[pools.p]
qpus = ["q"]
[qpus.q]
driver = "emulated"
"""


def test_settings():
    quotas = settings_in(SETTINGS).quotas
    assert (quotas.period_s, quotas.user_s, quotas.account_s) == (86400.0, 3600.0, None)
    assert quotas.accounts == {"phys": 7200.0}


@pytest.mark.parametrize(("line", "wrong"), [("user_s = 3600", "user_s = -1"), ("user_s", "users_s"), ("86400", "0")])
def test_settings_that_make_no_sense(line, wrong):
    with pytest.raises(BadSettings, match=r"broker.toml, line \d: quotas"):
        settings_in(SETTINGS.replace(line, wrong, 1))
