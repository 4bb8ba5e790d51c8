"""Following a job: events as bytes, connections that break, the line that is drawn."""

import io
import sys
from itertools import pairwise
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import JobView, LogLine, Progress
from qat.core import Circuit, Result
from qat.qlmaas import progress
from qat.qlmaas.errors import UnknownJobError, UnreachableError
from qat.qlmaas.events import Event, EventParser
from qat.qlmaas.following import follow, news_of
from qat.qlmaas.progress import NotebookLine, ProgressLine, TerminalLine, display_here

VIEW = JobView(id="j1", owner="me", state="running", stack="A | B", started_s=10.0)


def event(name, content, number=None):
    identity = f"id: {number}\n" if number is not None else ""
    return f"{identity}event: {name}\ndata: ".encode() + msgspec.json.encode(content) + b"\n\n"


END = b"event: end\nid: 9\ndata: {}\n\n"
STATE, STEP = event("state", VIEW, 1), event("progress", Progress(iteration=2, value=0.5), 2)
LINE = event("log", LogLine(number=0, time_s=0.0, stream="stdout", text="hello"), 3)


# ---------------------------------------------------------------- events
@given(st.lists(st.integers(0, 400), max_size=8))
def test_events_do_not_depend_on_how_the_bytes_arrive(cuts):
    stream = b": sign of life\r\n\r\n" + STATE + STEP + b"data: a\ndata: b\nretry: 3\nunknown\n\n" + END
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parser = EventParser()
    events = [e for start, end in pairwise(places) for e in parser.feed(stream[start:end])]
    assert [e.name for e in events] == ["state", "progress", "message", "end"]
    assert events[2] == Event("message", "a\nb", "2") and events[3].id == "9"


def test_news():
    assert news_of(EventParser().feed(LINE)[0]).text == "hello"
    assert news_of(Event("end", "{}")) is None and news_of(Event("weather", "?")) is None


# ---------------------------------------------------------------- following
@pytest.fixture
def job(connected):
    return connected.get_qpu("LinAlg")().submit(Circuit.empty(1).to_job())


def followed(connected, **options):
    news, slept = [], []
    options = {"sleep": slept.append, "clock": lambda: sum(slept), **options}
    return follow(connected.client, "j1", news.append, **options), news, slept


def test_a_job_is_followed_to_its_end(connected, server, job):
    server.streams = [[STATE, STEP, LINE + END, STEP]]
    ended, news, slept = followed(connected)
    assert ended and [type(piece) for piece in news] == [JobView, Progress, LogLine] and slept == []


def test_broken_connections_are_made_again_where_they_broke(connected, server, job):
    server.streams = [[STATE, UnreachableError("cut")], [], [UnreachableError("cut")], [STEP, END]]
    seen = []
    request = type(server).request

    def watch(*args, **kwargs):
        seen.append(kwargs["headers"].get("Last-Event-ID"))
        return request(server, *args, **kwargs)

    server.request = watch
    ended, news, slept = followed(connected)
    assert ended and len(news) == 2 and seen == [None, "1", "1", "1"] and len(slept) == 3


def test_following_gives_up(connected, server, job):
    server.streams = [[UnreachableError("cut")]] * 10**4
    with pytest.raises(UnreachableError):
        followed(connected, patience_s=20.0)
    server.streams = [[UnreachableError("who?", "not-trusted")]]
    with pytest.raises(UnreachableError):
        followed(connected)
    server.streams = [[STATE]] * 100
    ended, news, slept = followed(connected, limit_s=20.0)
    assert not ended and len(news) < 20 and sum(slept) == 20.0
    with pytest.raises(UnknownJobError):
        follow(connected.client, "x", [].append)


def test_join_with_progress(connected, server, job, capsys):
    server.streams = [[STATE, STEP, END]]
    assert isinstance(job.join(progress=True), Result)
    assert capsys.readouterr().err.startswith("A | B  running  ")
    assert job.join(progress=True) is job.join()


# ---------------------------------------------------------------- drawing
def line(*news, now=12.0):
    made = ProgressLine(lambda: now)
    for piece in news:
        made.take(piece)
    return made


def test_what_a_line_says():
    assert line().text() == "connecting"
    waiting = JobView(id="j", owner="me", state="waiting", stack="A", queue_position=3)
    assert line(waiting).text() == "A  waiting  3 before it"
    assert line(VIEW).text() == "A | B  running  2 s"
    assert line(VIEW, Progress(value=0.0)).text() == "A | B  running  value 0  2 s"
    done = msgspec.structs.replace(VIEW, state="done", ended_s=11.0, progress=Progress(iteration=7, fraction=2.0))
    assert line(done).text() == "A | B  done  ########################  100 %  step 7  1 s"
    assert line(VIEW, LogLine(number=0, time_s=0, stream="stdout", text="x")).text() == "A | B  running  2 s"


def test_html_is_escaped():
    made = line(msgspec.structs.replace(VIEW, stack="<script>"), Progress(fraction=0.25))
    assert made.html().startswith('<div><progress value="0.250" max="1"></progress> <code>&lt;script&gt;')
    assert "<progress" not in line(VIEW).html()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_drawn_over():
    terminal, times = Terminal(), iter([0.0, 0.05, 9.0, 9.0, 9.05, 9.06])
    display = TerminalLine(terminal, lambda: next(times))
    display.show(line(VIEW, Progress(iteration=100)))
    display.show(line(VIEW, Progress(iteration=101)))
    display.show(line(VIEW, Progress(iteration=102)))
    display.show(line(VIEW))
    display.show(line(msgspec.structs.replace(VIEW, state="done")))
    display.close()
    drawn = terminal.getvalue().split("\r")[1:]
    assert [text.split("  ")[2] for text in drawn[:2]] == ["step 100", "step 102"] and drawn[-1].endswith("\n")
    assert len(drawn[2]) >= len(drawn[1])


def test_elsewhere_a_line_for_each_state():
    stream = io.StringIO()
    display = TerminalLine(stream)
    for state in ("waiting", "running", "running", "done"):
        display.show(line(msgspec.structs.replace(VIEW, state=state)))
    display.close()
    assert [text.split("  ")[1] for text in stream.getvalue().splitlines()] == ["waiting", "running", "done"]


def test_a_notebook(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=shown.append)
    module = SimpleNamespace(display=lambda html, display_id: handle, HTML=lambda text: f"html:{text}")
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    display = display_here()
    display.show(line(VIEW))
    display.close()
    assert isinstance(display, NotebookLine) and shown == ["html:<div><code>A | B  running  2 s</code></div>"]
    shell.kernel = None
    assert isinstance(display_here(), TerminalLine)


def test_no_notebook():
    assert isinstance(display_here(), TerminalLine) and progress.BAR_CHARACTERS == 24
