"""Practice behind a real JupyterHub: two students, the page and nbgrader's exchange; refusals; kills in the middle."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.browser.hub import BIN, COURSE, GRADER, HERE, PASSWORD, PROJECT, STUDENTS, Hub, missing, running_hub
from tests.mini.course import REFERENCE

pytestmark = [pytest.mark.browser, pytest.mark.skipif(missing() != "", reason=missing())]
ALICE, BOB = STUDENTS
SECONDS = 240
LOG = PROJECT / "build" / "hub.log"
WRONG = {"double": "def double(x):\n    return 3 * x"}
SLOW = {"double": "import time\ntime.sleep(15)\n" + REFERENCE["double"]}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    # pytest's own folder is root's alone: each session that begins sees to it
    with tempfile.TemporaryDirectory(prefix="practice-") as folder, running_hub(Path(folder)) as hub:
        yield hub
        LOG.parent.mkdir(exist_ok=True)
        shutil.copy(hub.run / "hub.log", LOG)


def notebook(hub: Hub, **cells: str) -> bytes:
    nb = nbformat.read(hub.course / "release" / "mini" / "m.ipynb", as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in REFERENCE:
            cell.source = cells.get(name, REFERENCE[name])
    return nbformat.writes(nb).encode()


class Visitor:
    """One user's browser, as far as HTTP goes."""

    def __init__(self, hub: Hub, user: str) -> None:
        self.hub, self.http = hub, requests.Session()
        page = self.http.get(f"{hub.address}/hub/login", timeout=SECONDS).text
        xsrf = re.search(r'name="_xsrf" value="([^"]*)"', page)
        assert xsrf
        form = {"username": user, "password": PASSWORD, "_xsrf": xsrf[1]}
        target = f"{hub.address}/hub/login?next=/hub/home"
        assert self.http.post(target, data=form, timeout=SECONDS).status_code == 200

    def get(self, path: str = "") -> requests.Response:
        return self.http.get(self.hub.practice + path, timeout=SECONDS)

    def index(self) -> str:
        """The page, once practice works."""
        end = time.monotonic() + SECONDS
        while (answer := self.get()).status_code != 200:
            assert time.monotonic() < end, answer.text
            time.sleep(0.5)
        return answer.text

    def hand_in(self, raw: bytes, name: str = "m.ipynb", xsrf: str | None = None) -> requests.Response:
        found = re.search(r'name="_xsrf" value="([^"]*)"', self.index())
        assert found
        form = {"_xsrf": found[1] if xsrf is None else xsrf, "assignment": "mini"}
        return self.http.post(self.hub.practice, data=form, files={"notebook": (name, raw)}, timeout=SECONDS,
                              allow_redirects=False)  # fmt: skip

    def attempt(self, raw: bytes) -> str:
        """Hand in; where the attempt is, below the service."""
        answer = self.hand_in(raw)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].removeprefix("/services/practice/")

    def page(self, attempt: str) -> str:
        """The attempt's page, when it is there; a service that is started again meanwhile is waited for."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with suppress(requests.ConnectionError, ValueError):
                answer = self.get(f"{attempt}/state")
                if answer.status_code == 200 and answer.json()["state"] not in ("waiting", "running"):
                    assert answer.json()["state"] == "done", self.get(attempt).text
                    return self.get(f"{attempt}/page").text
            time.sleep(0.5)
        raise TimeoutError(self.hub.log[-3000:])


@pytest.fixture(scope="module")
def alice(hub: Hub) -> Visitor:
    return Visitor(hub, ALICE)


@pytest.fixture(scope="module")
def bob(hub: Hub) -> Visitor:
    return Visitor(hub, BOB)


def logged_in(browser: Browser, address: str) -> Page:
    """Alice's browser, on its way to an address behind the hub's login."""
    page = browser.new_context().new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(address)
    page.fill("#username_input", ALICE)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    return page


def test_a_student_logs_in_hands_in_and_reads_the_page(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "mine.ipynb"
    file.write_bytes(notebook(hub, **WRONG))
    page = logged_in(browser, hub.practice)
    page.wait_for_url(hub.practice)
    page.locator("input[type=file]").wait_for()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Get feedback").click()
    page.wait_for_url("**/page")
    assert "double gives something else" in page.locator("main").inner_text()
    page.context.close()


def test_nobody_sees_anothers_attempt_whatever_they_send(hub: Hub, alice: Visitor, bob: Visitor) -> None:
    attempt = alice.attempt(notebook(hub, **WRONG))
    assert "gives something else" in alice.page(attempt)
    token = token_of(hub, BOB)
    for end in ("", "/state", "/page"):
        assert bob.get(attempt + end).status_code == 404
        by_token = requests.get(f"{hub.practice}{attempt}{end}", timeout=SECONDS, allow_redirects=False,
                                headers={"Authorization": f"token {token}"})  # fmt: skip
        assert by_token.status_code in (403, 404)
        made_up = requests.get(f"{hub.practice}{attempt}{end}", timeout=SECONDS, allow_redirects=False,
                               headers={"Authorization": "token 0123456789abcdef"})  # fmt: skip
        assert made_up.status_code == 302
        nobody = requests.get(f"{hub.practice}{attempt}{end}", timeout=SECONDS, allow_redirects=False)
        assert nobody.status_code == 302
    for forged in ("attempt/0", "attempt/999999999999", "attempt/-1", "attempt/1e3", "attempt/..%2f1/page"):
        assert alice.get(forged).status_code == 404


def token_of(hub: Hub, user: str) -> str:
    """An API token of a user's, as the hub's own page gives them."""
    command = [str(BIN / "python"), "-m", "jupyterhub", "token", "-f", str(HERE / "jupyterhub_config.py"), user]
    done = subprocess.run(command, cwd=hub.run, env=hub.environment(), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-1]


def test_forms_without_login_or_of_other_sites_are_refused(hub: Hub, alice: Visitor, bob: Visitor) -> None:
    raw = notebook(hub)
    nobody = requests.post(hub.practice, files={"notebook": ("m.ipynb", raw)}, timeout=SECONDS, allow_redirects=False)
    assert nobody.status_code == 403
    assert alice.hand_in(raw, xsrf="forged").status_code == 403
    others = re.search(r'name="_xsrf" value="([^"]*)"', bob.index())
    assert others
    assert alice.hand_in(raw, xsrf=others[1]).status_code == 403


def test_large_packed_and_strangely_named_files_do_nothing(hub: Hub, alice: Visitor) -> None:
    memory = hub.service().memory_info().rss
    try:
        status = alice.hand_in(bytes(100_000_000)).status_code
    except requests.ConnectionError:  # closed while it sends
        status = 400
    assert status in (400, 413, 502, 503)
    assert hub.service().memory_info().rss < memory + 100_000_000
    bomb = shutil.make_archive(str(hub.run / "bomb"), "zip", _zeros(hub.run / "zeros"))
    answer = alice.hand_in(Path(bomb).read_bytes())
    assert answer.status_code == 422
    assert "not a Jupyter notebook" in answer.text
    named = alice.hand_in(notebook(hub), name="../../../../tmp/stolen.ipynb")
    assert named.status_code == 303
    assert not list(hub.course.rglob("stolen*"))
    assert not Path("/tmp/stolen.ipynb").exists()


def _zeros(folder: Path) -> Path:
    folder.mkdir()
    (folder / "zeros").write_bytes(bytes(200_000_000))
    return folder


def test_only_graders_see_their_page_and_the_figures_need_the_token(hub: Hub, alice: Visitor) -> None:
    grader = Visitor(hub, GRADER)
    assert alice.get("grader").status_code == 404
    page = grader.get("grader")
    assert page.status_code == 200
    assert "What is misunderstood today" in page.text
    assert requests.get(f"{hub.practice}metrics", timeout=SECONDS).status_code == 403
    token = (hub.course / ".autograder" / "practice" / "grader-token").read_text()
    figures = requests.get(f"{hub.practice}metrics", headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS)
    assert 'practice_attempts{state="done"}' in figures.text
    assert ALICE not in figures.text


def submit(hub: Hub, user: str, **cells: str) -> Path:
    """Fetch, work, `nbgrader submit`: the student's folder."""
    home = hub.run / "home" / user / "work"
    home.mkdir(exist_ok=True)
    if not (home / "mini").exists():
        hub.as_user(user, home, str(BIN / "python"), "-m", "nbgrader", "fetch_assignment", "--course", COURSE, "mini")
    (home / "mini" / "m.ipynb").write_bytes(notebook(hub, **cells))
    hub.as_user(user, home, str(BIN / "python"), "-m", "nbgrader", "submit", "--course", COURSE, "mini")
    return home


def test_what_is_submitted_gets_its_page_by_fetch_feedback(hub: Hub, bob: Visitor) -> None:
    home = submit(hub, BOB, word="word = 'left'")
    end = time.monotonic() + SECONDS
    while not list((hub.run / "exchange" / COURSE / "feedback").glob("*.html")):
        assert time.monotonic() < end, hub.log[-3000:]
        time.sleep(0.5)
    hub.as_user(BOB, home, str(BIN / "python"), "-m", "nbgrader", "fetch_feedback", "--course", COURSE, "mini")
    (page,) = (home / "mini").rglob("*.html")
    assert "The word is another one." in page.read_text()
    assert "2 of 3 checks passed" in bob.index()


def test_in_jupyterlab_the_assignment_list_submits_and_fetches_the_page(hub: Hub, browser: Browser) -> None:
    page = logged_in(browser, f"{hub.address}/hub/login")
    page.wait_for_url(f"**/user/{ALICE}/lab**", wait_until="commit")
    page.goto(f"{hub.address}/user/{ALICE}/lab?reset")  # a workspace of before hides the menu's answer
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()
    page.get_by_role("button", name="Fetch", exact=True).click()
    submit = page.get_by_role("button", name="Submit", exact=True)
    submit.wait_for()
    mine = hub.run / "home" / ALICE / "mini" / "m.ipynb"
    mine.write_bytes(notebook(hub, word="word = 'wrong'"))
    submit.click()
    fetch = page.get_by_role("button", name="Fetch Feedback")
    fetch.wait_for()
    end = time.monotonic() + SECONDS
    while not (pages := list(mine.parent.rglob("feedback/*/*.html"))):
        assert time.monotonic() < end, hub.log[-3000:]
        fetch.click()
        time.sleep(2)
    assert "The word is another one." in pages[0].read_text()
    page.get_by_text("view feedback").first.wait_for()
    (PROJECT / "build" / "screenshots").mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PROJECT / "build" / "screenshots" / "assignment-list.png")
    page.context.close()


def test_a_folder_under_anothers_name_is_refused(hub: Hub, alice: Visitor) -> None:
    inbound = hub.run / "exchange" / COURSE / "inbound"
    (own,) = (p for p in inbound.iterdir() if p.name.startswith(BOB)) if inbound.exists() else ()
    forged = inbound / f"{ALICE}+mini+2126-03-02 18:00:00.000000 UTC+abcdefghijkl"
    before = alice.index().count('class="done"')
    hub.as_user(BOB, hub.run / "home" / BOB / "work", "cp", "-r", str(own), str(forged))
    end = time.monotonic() + SECONDS
    while f"claims to be {ALICE}'s and belongs to {BOB}" not in hub.log:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert alice.index().count('class="done"') == before


def test_a_hostile_notebook_is_an_attempt_like_any_other(hub: Hub, bob: Visitor, alice: Visitor) -> None:
    secret = hub.course / ".autograder" / "practice" / "secret"
    code = f"import os\nprint(os.path.exists({str(secret)!r}), os.path.exists({str(hub.run)!r}))\nos._exit(0)"
    raw = json.loads(notebook(hub, double=f"print(open({str(secret)!r}).read())", word=code))
    raw["cells"].insert(0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "<script>alert(1)</script>"})
    page = bob.page(bob.attempt(json.dumps(raw).encode()))
    assert secret.read_text() not in page
    assert "<script" not in page
    assert "gives something else" not in alice.page(alice.attempt(notebook(hub)))


def count(hub: Hub, state: str) -> int:
    """Attempts of the grader's figures."""
    token = (hub.course / ".autograder" / "practice" / "grader-token").read_text()
    text = requests.get(f"{hub.practice}metrics", headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS).text
    found = re.search(rf'practice_attempts{{state="{state}"}} (\d+)', text)
    return int(found[1]) if found else 0


def until_it_runs(hub: Hub) -> None:
    end = time.monotonic() + SECONDS
    while not count(hub, "running"):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_service_that_is_killed_comes_back_and_loses_nothing(hub: Hub, alice: Visitor, bob: Visitor) -> None:
    done = count(hub, "done")
    attempts = [alice.attempt(notebook(hub, **SLOW)), bob.attempt(notebook(hub, **WRONG))]
    until_it_runs(hub)
    hub.service().kill()
    assert "gives something else" not in alice.page(attempts[0])
    assert "gives something else" in bob.page(attempts[1])
    assert count(hub, "done") == done + 2


def test_a_worker_that_is_killed_costs_nobody_an_attempt(hub: Hub, alice: Visitor) -> None:
    done = count(hub, "done")
    attempt = alice.attempt(notebook(hub, double=SLOW["double"].replace("15", "16")))
    until_it_runs(hub)
    time.sleep(2)  # its kernel runs
    workers = [p for p in hub.service().children() if "spawn_main" in " ".join(p.cmdline())]
    assert workers
    for worker in workers:
        worker.kill()
    assert "gives something else" not in alice.page(attempt)
    assert count(hub, "done") == done + 1
    assert hub.service().is_running()


def test_a_hub_that_is_killed_takes_the_service_along_and_the_next_one_goes_on(hub: Hub, bob: Visitor) -> None:
    done = count(hub, "done")
    attempt = bob.attempt(notebook(hub, **SLOW))
    until_it_runs(hub)
    service, proxies = hub.service(), hub.proxies()
    hub.kill()
    psutil.wait_procs([service], timeout=60)
    assert not service.is_running()
    for proxy in proxies:  # a hub ends it with its next start; so does this
        with suppress(psutil.NoSuchProcess):
            os.kill(proxy.pid, signal.SIGKILL)
    hub.start()
    again = Visitor(hub, BOB)
    again.index()
    assert again.page(attempt)
    assert count(hub, "done") == done + 1


def test_what_is_missing_stands_on_the_page_and_the_hub_stays(hub: Hub) -> None:
    configuration = hub.course / "nbgrader_config.py"
    aside = configuration.rename(configuration.with_suffix(".away"))
    hub.service().kill()
    end = time.monotonic() + SECONDS
    text = ""
    while "this is no course" not in text:
        assert time.monotonic() < end, text
        with suppress(requests.ConnectionError):
            text = requests.get(hub.practice, timeout=SECONDS).text
        time.sleep(0.5)
    aside.rename(configuration)
    Visitor(hub, ALICE).index()
