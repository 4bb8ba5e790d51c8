"""A job's side of the conversation as lists of events and instructions; and under any losses."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.broker import messages as said
from qat.comm.broker.messages import VERSION, OpenSession, Refused, SubmitTask, TaskAccepted, TaskFinished
from qat.core.errors import WireError
from qat.shared.conversation import AboutNodes, Answer, Authenticate, Conversation, End, Inform, Leave, Say

GREETING = said.Greeting(VERSION, "lab", b"nonce", ("peer",))
OPENING = OpenSession(VERSION, "p", "j")


def opened(*keys, is_new=False):
    return said.SessionOpened("me:j", 1.0, 30.0, is_new, keys)


def task(key, **options):
    return SubmitTask(str(key), b"payload", **options)


def finished(key):
    return TaskFinished(str(key), b"result", "q", 1.0, 0.0)


def talking(*tasks, **options):
    """A conversation whose session is open, and its tasks told."""
    conversation = Conversation(OPENING, **options)
    reopen(conversation, is_new=True)
    for submitted in tasks:
        conversation.submit(submitted)
    return conversation


def reopen(conversation, *keys, is_new=False):
    conversation.disconnect()
    conversation.hear(GREETING)
    conversation.open("peer", b"")
    return conversation.hear(opened(*keys, is_new=is_new))


def test_from_the_greeting_to_the_answer():
    conversation = Conversation(OPENING)
    assert conversation.submit(task(1)) == []
    assert conversation.hear(GREETING) == [Authenticate(GREETING)]
    assert conversation.open("munge", b"c") == [Say(OpenSession(VERSION, "p", "j", "munge", b"c"))]
    assert not conversation.is_open
    assert conversation.hear(opened(is_new=True)) == [Say(task(1))]
    assert conversation.submit(task(2)) == [Say(task(2))]
    assert conversation.hear(TaskAccepted("1")) == conversation.hear(said.TaskStarted("1", "q")) == []
    assert conversation.hear(finished(1)) == [Say(said.Acknowledge(("1",))), Answer("1", finished(1))]
    assert conversation.nb_unanswered == 1


def test_what_was_not_answered_is_said_again_unless_the_broker_knows_it():
    conversation = talking(task(1), task(2), task(3))
    conversation.hear(finished(2))
    assert reopen(conversation, "1") == [Say(task(3))]


def test_tasks_are_said_again_in_their_order():
    conversation = talking(task(1), task(2), max_unanswered=2)
    conversation.submit(task(3))
    assert reopen(conversation) == [Say(task(1)), Say(task(2))]


def test_a_task_that_may_have_run_and_must_not_run_twice():
    once = task(1, is_repeatable=False)
    conversation = talking(once, task(2))
    conversation.hear(TaskAccepted("1"))
    conversation.hear(TaskAccepted("2"))
    answer, again = reopen(conversation, is_new=True)
    assert answer.key == "1"
    assert "may have run" in answer.outcome.reason
    assert again == Say(task(2))


def test_a_task_that_must_not_run_twice_and_was_never_accepted_goes_again():
    once = task(1, is_repeatable=False)
    assert reopen(talking(once)) == [Say(once)]


def test_cancelling():
    conversation = Conversation(OPENING)
    conversation.submit(task(1))
    assert conversation.cancel("1") == []
    assert reopen(conversation) == []  # it was never said
    conversation.submit(task(2))
    assert conversation.cancel("2") == [Say(said.CancelTask("2"))]
    assert conversation.cancel("2") == conversation.cancel("unknown") == []
    assert conversation.hear(said.TaskCancelled("2")) == [Say(said.Acknowledge(("2",)))]
    assert conversation.nb_unanswered == 0


def test_a_task_that_was_cancelled_while_nobody_was_connected():
    conversation = talking(task(1), task(2))
    conversation.hear(TaskAccepted("1"))
    conversation.disconnect()
    assert conversation.cancel("1") == conversation.cancel("2") == []
    assert reopen(conversation, "1", "2") == [Say(said.CancelTask("1")), Say(said.CancelTask("2"))]
    conversation.disconnect()
    assert reopen(conversation) == []
    assert conversation.nb_unanswered == 0


def test_no_more_than_the_broker_takes():
    conversation = talking(*map(task, range(5)), max_unanswered=2)
    assert conversation.submit(task(5)) == []
    assert conversation.hear(finished(0)) == [Say(said.Acknowledge(("0",))), Answer("0", finished(0)), Say(task(2))]
    assert conversation.hear(finished(1))[-1] == Say(task(3))


def test_too_many_wait_for_the_others():
    conversation = talking(task(1), task(2))
    many = Refused("too-many", "100 wait", "2")
    assert conversation.hear(many) == []
    assert conversation.hear(finished(1))[-1] == Say(task(2))
    assert conversation.hear(many) == [Answer("2", many)]  # nobody else's end would make room


def test_refusals():
    conversation = talking(task(1), task(2))
    quota = Refused("quota", "used up", "1")
    assert conversation.hear(quota) == [Answer("1", quota)]
    assert conversation.hear(quota) == []
    assert conversation.hear(Refused("unavailable", "disk", "2")) == [Leave("disk")]
    assert reopen(conversation) == [Say(task(2))]
    assert conversation.hear(Refused("not-yours", "ada's")) == [End("not-yours", "ada's")]
    assert conversation.hear(finished(2)) == []


def test_a_revoked_session_hears_nothing_more():
    conversation = talking(task(1))
    assert conversation.hear(said.SessionRevoked("the job ended")) == [End("revoked", "the job ended")]
    assert conversation.hear(finished(1)) == []
    conversation.disconnect()
    assert conversation.hear(GREETING) == []
    assert conversation.nb_unanswered == 0


def test_another_version():
    [end] = Conversation(OPENING).hear(said.Greeting(2, "lab", b"", ()))
    assert end.code == "too-new"
    assert "speaks version 2, this job 1" in end.reason


def test_questions():
    conversation = Conversation(OPENING)
    assert conversation.ask(said.AskSpecs()) == []
    assert reopen(conversation) == [Say(said.AskSpecs())]
    assert conversation.ask(said.AskSpecs()) == []  # it is asked already
    assert reopen(conversation) == [Say(said.AskSpecs())]
    assert conversation.hear(said.Specs(b"s")) == [Inform(said.Specs(b"s"))]
    assert conversation.hear(said.Specs(b"s")) == []
    assert conversation.ask(said.AskExplanation("1")) == [Say(said.AskExplanation("1"))]
    assert conversation.hear(said.Explained("2", "other")) == []
    assert conversation.hear(said.Explained("1", "waits")) == [Inform(said.Explained("1", "waits"))]


@pytest.mark.parametrize("message", [
    GREETING, said.Heartbeat(), said.CloseSession(), OPENING, task(1), opened(), said.AskSpecs(),
])  # fmt: skip
def test_what_makes_no_sense_now(message):
    with pytest.raises(WireError, match=f"said {type(message).__name__} while the session was open"):
        talking().hear(message)


@pytest.mark.parametrize("message", [said.Alive()])
def test_what_needs_no_answer(message):
    assert talking().hear(message) == []


class Line:
    """A job and a broker with a connection between them that may break at any moment.

    The broker keeps what it has accepted over a restart, and loses the rest.
    """

    def __init__(self):
        self.job = Conversation(OPENING, max_unanswered=3)
        self.to_job, self.to_broker = deque(), deque()
        self.accepted, self.results, self.fresh = set(), {}, set()
        self.nb_runs = {}
        self.answers = {}
        self.submitted, self.unwanted = set(), set()
        self.is_there = self.is_known = False

    def connect(self):
        if not self.is_there:
            self.is_there = True
            self.to_job.append(GREETING)

    def drop(self):
        self.is_there = False
        self.to_job.clear()
        self.to_broker.clear()
        self.job.disconnect()

    def restart(self):
        self.drop()
        self.fresh.clear()

    def submit(self, key):
        if key not in self.submitted:
            self.submitted.add(key)
            self.carry_out(self.job.submit(task(key)))

    def cancel(self, key):
        if key in self.submitted and key not in self.answers:
            self.unwanted.add(key)
            self.carry_out(self.job.cancel(str(key)))

    def save(self):
        """The journal is on disk."""
        self.accepted |= self.fresh
        for key in sorted(self.fresh):
            self.tell(TaskAccepted(key))
        self.fresh.clear()

    def finish(self):
        for key in sorted(self.accepted):
            self.nb_runs[key] = self.nb_runs.get(key, 0) + 1
            self.results[key] = finished(key)
            self.tell(self.results[key])
        self.accepted.clear()

    def tell(self, message):
        if self.is_there and self.is_known:
            self.to_job.append(message)

    def step_job(self):
        if self.to_job:
            self.carry_out(self.job.hear(self.to_job.popleft()))

    def step_broker(self):
        if not self.to_broker:
            return
        match self.to_broker.popleft():
            case OpenSession():
                self.is_known = True
                self.to_job.append(opened(*self.accepted, *self.results))
                self.to_job.extend(self.results.values())
            case SubmitTask(key=key):
                if key in self.results:
                    self.tell(self.results[key])
                elif key not in self.accepted and key not in self.nb_runs:
                    self.fresh.add(key)
            case said.CancelTask(key):
                self.fresh.discard(key)
                self.accepted.discard(key)
                self.results[key] = self.results.get(key, said.TaskCancelled(key))
                self.tell(self.results[key])
            case said.Acknowledge(keys):
                for key in keys:
                    self.results.pop(key, None)

    def carry_out(self, instructions):
        for instruction in instructions:
            match instruction:
                case Say(message):
                    assert self.is_there
                    self.to_broker.append(message)
                case Authenticate():
                    self.carry_out(self.job.open("peer", b""))
                case Answer(key, outcome):
                    assert int(key) not in self.answers
                    assert int(key) not in self.unwanted
                    self.answers[int(key)] = outcome

    def talk(self, nb_steps):
        self.connect()
        for _ in range(nb_steps):
            self.step_job()
            self.step_broker()

    def settle(self):
        for _ in range(50):
            self.talk(5)
            self.save()
            self.finish()


OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["submit", "cancel"]), st.integers(0, 6)),
    st.tuples(st.sampled_from(["connect", "drop", "restart", "save", "finish"])),
    st.tuples(st.sampled_from(["step_job", "step_broker"])),
    st.tuples(st.just("talk"), st.integers(1, 12)),
)


@given(st.lists(OPERATIONS, max_size=80))
def test_whatever_breaks_every_task_is_answered_once_and_runs_once(operations):
    line = Line()
    for name, *arguments in operations:
        getattr(line, name)(*arguments)
    line.settle()
    assert set(line.answers) == line.submitted - line.unwanted
    assert set(line.nb_runs.values()) <= {1}
    assert line.job.nb_unanswered == 0
    assert not line.results  # all that was answered is acknowledged


# ---------------------------------------------------------------- jobs that give their nodes back
@pytest.mark.parametrize("news", [said.NodesReleased(3.0), said.NodesReclaimed(), said.Asleep()])
def test_news_about_nodes(news):
    assert talking().hear(news) == [AboutNodes(news)]


def test_tasks_of_a_former_process_are_left_alone_until_they_are_submitted_once_more():
    conversation = Conversation(OPENING, former=("1", "2", "3"))
    assert reopen(conversation, "1", "2", "3", "9") == [Say(said.CancelTask("9"))]
    assert conversation.hear(finished(1)) == []  # nobody here has asked for it yet
    assert conversation.submit(task(1)) == [Say(said.Acknowledge(("1",))), Answer("1", finished(1))]
    assert conversation.submit(task(2)) == [Say(task(2))]
    assert conversation.hear(finished(2)) == [Say(said.Acknowledge(("2",))), Answer("2", finished(2))]
    assert conversation.hear(finished(1)) == [Say(said.Acknowledge(("1",)))]


def test_tasks_of_a_former_process_that_are_submitted_before_the_session_is_open():
    conversation = Conversation(OPENING, former=("1", "2"))
    conversation.submit(task(1))
    conversation.submit(task(2))
    assert reopen(conversation, "1") == [Say(task(2))]
    assert conversation.hear(finished(1)) == [Say(said.Acknowledge(("1",))), Answer("1", finished(1))]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_task_of_a_former_process_that_must_not_run_twice_and_that_nobody_knows(is_open):
    conversation, once = Conversation(OPENING, former=("1",)), task(1, is_repeatable=False)
    if is_open:
        reopen(conversation)
        (answer,) = conversation.submit(once)
    else:
        conversation.submit(once)
        (answer,) = reopen(conversation)
    assert answer.key == "1" and "must not run twice" in answer.outcome.reason
    assert conversation.nb_unanswered == 0
