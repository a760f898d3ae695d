"""What a learner can do to the way on which a kernel is asked: it costs that task or notebook, and no other.

Questions travel as `user_expressions` of an execute request, and all that evaluates them is the learner's to change.
"""

import pytest

from autograder.execution import runner
from autograder.execution.runner import Limits
from autograder.grading.grader import Grader
from autograder.grading.job import Graded
from autograder.sandbox import watch
from tests.mini.course import REFERENCE
from tests.mini.jobs import job, with_checks

SHORT = Limits(cell_seconds=1, notebook_seconds=30)
HONEST = [REFERENCE["double"], "# test: double", REFERENCE["word"], "# test: word"]
PRELUDE = """
import builtins, json, re, threading, time
import IPython.display as display
shell = get_ipython()
kernel = shell.kernel
answer, publish, do = shell.user_expressions, display.publish_display_data, kernel.do_execute

def when_asked(instead):
    shell.user_expressions = lambda asked: instead(asked) if asked else {}

async def empty():
    return {"status": "ok"}

def restore():
    shell.user_expressions, display.publish_display_data, kernel.do_execute = answer, publish, do

def nonce():
    return re.search("__asked_([0-9a-f]{32})__", str(kernel.get_parent()["content"])).group(1)

def forge(times=1):
    made_up = json.dumps({f"answer{n}": {"value": {"json": 1}} for n in range(99)})
    for _ in range(times):
        publish({"application/vnd.autograder.evidence+json": {"nonce": nonce(), "evidence": made_up}})
"""
FLOOD = """
import hashlib, hmac

def replies_without_end():
    socket, ident, number = kernel.shell_stream.socket, kernel._shell_parent_ident.get(), 0
    while True:  # signed one by one: the same signature is not taken twice
        try:
            number += 1
            parts = [b'{"msg_id": "%d", "msg_type": "execute_reply"}' % number, b'{"msg_id": "nobody"}', b"{}", b"{}"]
            signed = hmac.new(kernel.session.key, b"".join(parts), hashlib.sha256).hexdigest().encode()
            socket.send_multipart([*ident, b"<IDS|MSG>", signed, *parts])
        except BaseException:
            pass

def outputs_without_end():
    while True:
        try:
            kernel.session.send(kernel.iopub_socket, "stream", {}, {"header": {"msg_id": "nobody"}})
        except BaseException:
            pass
"""


@pytest.fixture(autouse=True)
def little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 1)


def told(outcome: Graded, task: str) -> str:
    message = outcome.grades[task].results[0].message
    return message.render("en") if message else ""


def scores(outcome: Graded) -> dict[str, float | None]:
    assert outcome.fault == ""
    return {task: grade.score for task, grade in outcome.grades.items()}


def asked_in_turn(grader: Grader, cases: list[str]) -> Graded:
    """A notebook where each of these cells comes before a question of its own, whose right answer is 1."""
    checks = "from autograder.checks.api import Task, require\n"
    cells = [PRELUDE]
    for n, case in enumerate(cases):
        checks += f"""
task{n} = Task("task{n}")
answer{n} = task{n}.value("answer{n}")

@task{n}.check(points=1)
def right{n}(answer{n}):
    "It is one."
    require(answer{n} == 1, "It is not one.")
"""
        cells += [f"answer{n} = 1\n{case}", f"# test: task{n}", "restore()"]
    return grader.grade(job(cells, unit=with_checks(checks), limits=SHORT))


NO_ANSWER = "Your notebook gave no answer for this task. "
CHANGED = NO_ANSWER + runner.CHANGED
ONE_TASK = {  # what is done before a question: what its task says then
    "1": "",
    "when_asked(lambda asked: [1, 'x'])": CHANGED,
    "when_asked(lambda asked: None)": CHANGED,
    "when_asked(lambda asked: {'other': {'status': 'ok'}})": CHANGED,
    "when_asked(lambda asked: {'asked': {'status': 'ok', 'data': {'text/plain': '1'}, 'metadata': {}}})": CHANGED,
    "when_asked(lambda asked: {'asked': {'ename': 'E' * 20_000_000, 'evalue': 1}})": NO_ANSWER + "EEE",
    "when_asked(lambda asked: {'asked': {'ename': [{}] * 99, 'evalue': {'a': 1}}})": NO_ANSWER + "[{}",
    "kernel.do_execute = lambda **k: empty() if k['user_expressions'] else do(**k)": CHANGED,
    "display.publish_display_data = None": NO_ANSWER + "TypeError: 'NoneType' object is not callable",
    "display.publish_display_data = lambda *a, **k: None": CHANGED,
    "display.publish_display_data = lambda *a, **k: [publish(*a, **k) for _ in range(2)]": CHANGED,
    "when_asked(lambda asked: forge(2))": CHANGED,
    "when_asked(lambda asked: forge() or answer(asked))": CHANGED,  # one of ours, one of theirs
    "when_asked(lambda asked: forge())": "",  # data of a right answer, sent once; none of it is any other task's:
    "answer14 = 2": "It is not one.",
}


def test_an_answer_that_is_none_costs_one_task_and_says_why(grader: Grader) -> None:
    outcome = asked_in_turn(grader, list(ONE_TASK))
    assert outcome.death == ""
    assert scores(outcome) == {f"task{n}": float(not said) for n, said in enumerate(ONE_TASK.values())}
    for n, (case, said) in enumerate(ONE_TASK.items()):
        assert told(outcome, f"task{n}").startswith(said), case


COULD_NOT = "a cell ran longer than 1 seconds and could not be stopped"
DIED = "the kernel died"
WHOLE_NOTEBOOK = {  # what is done when asked, and why the kernel's life ends
    "error": ("raise ValueError", COULD_NOT),
    "exit": ("raise SystemExit", DIED),
    "no_json": ("return {'asked': object()}", COULD_NOT),
    "uninterruptible": ("while True:\n    try: time.sleep(60)\n    except BaseException: pass", COULD_NOT),
    "replies": ("replies_without_end()", COULD_NOT),
    "outputs": ("outputs_without_end()", COULD_NOT),
    "a_message_of_4_GB": ("buffers = [bytes(40_000_000)] * 100\n"
                          "kernel.session.send(kernel.iopub_socket, 'stream', {}, buffers=buffers)\n"
                          "time.sleep(60)", DIED),
}  # fmt: skip


@pytest.mark.parametrize(("deed", "why"), WHOLE_NOTEBOOK.values(), ids=WHOLE_NOTEBOOK)
def test_a_kernel_that_no_longer_answers_is_ended_in_time(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, deed: str, why: str
) -> None:
    monkeypatch.setattr(watch, "MESSAGES_BYTES", 200_000_000)
    body = "\n    ".join(deed.splitlines())
    when = f"{PRELUDE}{FLOOD}\ndef instead(asked):\n    {body}\nwhen_asked(instead)"
    cells = [*HONEST[2:], when, *HONEST[:2], "print('later')"]
    outcome = grader.grade(job(cells, limits=SHORT, sandbox={"wall_seconds": 30.0}))
    assert scores(outcome) == {"word": 3.0, "double": 0.0}
    assert outcome.death.startswith(why)
    assert told(outcome, "double") == f"This task could not be looked at: {outcome.death}."


def test_a_thread_that_answers_first_costs_its_own_notebook_alone(grader: Grader) -> None:
    thread = """
def run():
    while True:
        try:
            forge()
            kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, kernel.get_parent())
        except Exception:
            pass
        time.sleep(0.001)

def double(x):
    time.sleep(0.2)
    return 2 * x

threading.Thread(target=run, daemon=True).start()
"""
    outcome = grader.grade(job([*HONEST[2:], PRELUDE + thread, "# test: double"], limits=SHORT))
    assert scores(outcome) == {"word": 3.0, "double": 0.0}


def test_the_next_learner_is_graded_as_usual(grader: Grader) -> None:
    assert scores(grader.grade(job(HONEST, student="zoe"))) == {"double": 3.0, "word": 3.0}
