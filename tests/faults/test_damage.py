"""Damaged files under a whole installation: put back where the ledger can, else one table says 503."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from app.commands.serve import gunicorn_arguments
from app.config import Settings
from app.context import Context
from app.factory import create_app
from app.jobs.flush import flush
from tests.world import bring, found, open_context

pytestmark = pytest.mark.faults
HERE = "http://127.0.0.1"
OF_TABLE = "/api/trading/executions"
BESIDE = ("/api/social/posts", "/api/compliance/alerts", "/livez")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Return a folder with the home of two firms in it, each with two commits of executions."""
    folder = tmp_path_factory.mktemp("damage")
    context = open_context(folder / "home")
    firms = [found(context, slug, canary, folder) for slug, canary in (("acme", "KAN"), ("zeta", "ZEI"))]
    for firm in firms:
        flush(context, firm.slug)  # the files to damage are those of Delta, not the live log
        again = firm.csv("executions").replace(f"{firm.canary}-E", f"{firm.canary}-F")
        bring(context, firm.people["compliance"], "executions", again, folder)
        flush(context, firm.slug)
    context.database.close()
    return folder / "home", firms


@pytest.fixture
def house(template, tmp_path):
    """Return a copy of the home and the keys of its two firms."""
    home, firms = template
    shutil.copytree(home, tmp_path / "home")
    return tmp_path / "home", [firm.keys["compliance"] for firm in firms]


def opened(home):
    return create_app(context=Context.open(Settings(home=home))).server.test_client()


def ask(client, address, key):
    return client.get(address, base_url=HERE, headers={"Authorization": f"Bearer {key}"})


def executions(home, org="acme"):
    return home / "lake" / org / "executions"


def cut(path, keep):
    """Leave the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


@pytest.mark.parametrize("keep", [0, 0.5], ids=["zeroed", "torn"])
def test_a_damaged_newest_commit_is_put_back_at_start(house, keep):
    home, (key, _) = house
    sound = ask(opened(home), OF_TABLE, key).get_json()["data"]
    assert len(sound) == 4
    newest = sorted((executions(home) / "_delta_log").glob("*.json"))[-1]
    content = newest.read_bytes()
    cut(newest, keep)
    client = opened(home)
    assert ask(client, OF_TABLE, key).get_json()["data"] == sound
    assert newest.read_bytes() == content
    found = Context.open(Settings(home=home)).lake.findings("acme")
    assert [(one.kind, one.healed) for one in found] == [("commit_restored", True)]


@pytest.mark.parametrize("keep", [0, 0.5, 0.99], ids=["emptied", "halved", "tail-cut"])
def test_a_truncated_table_says_503_and_nothing_else_does(house, keep):
    home, (key, other) = house
    for file in executions(home).rglob("*.parquet"):
        cut(file, keep)
    client = opened(home)
    answer = ask(client, OF_TABLE, key)
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert str(home) not in answer.text
    assert ".parquet" not in answer.text
    for address in BESIDE:
        assert ask(client, address, key).status_code == 200, address
    for address in (OF_TABLE, *BESIDE, "/api/analytics/overview"):
        assert ask(client, address, other).status_code == 200, address


def test_a_table_that_is_mended_by_hand_answers_again_without_a_restart(house):
    home, (key, _) = house
    client = opened(home)
    file = next(executions(home).rglob("*.parquet"))
    content = file.read_bytes()
    sound = ask(client, OF_TABLE, key).get_json()["data"]
    context = client.application.extensions["quarterdeck"]
    cut(file, 0.5)
    context.lake.recover("acme", deep=True)
    assert ask(client, f"{OF_TABLE}?limit=7", key).status_code == 503
    file.write_bytes(content)
    context.lake.recover("acme", deep=True)
    assert ask(client, f"{OF_TABLE}?limit=8", key).get_json()["data"] == sound


# --- in a real server ------------------------------------------------------------------------------
@pytest.fixture
def serve(house):
    """Return a function that starts gunicorn on the home and returns its address and process."""
    started = []

    def start():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = gunicorn_arguments(host="127.0.0.1", port=port, workers=1, threads=8)
        env = {k: v for k, v in os.environ.items() if not k.startswith("QUARTERDECK_")}
        process = subprocess.Popen(command, env=env | {"QUARTERDECK_HOME": str(house[0])}, cwd=Path.cwd())
        started.append(process)
        for _ in range(600):
            if fetch(f"{HERE}:{port}/livez", "")[0] == 200:
                return f"{HERE}:{port}", process
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def fetch(address, key):
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"]
    except OSError:
        return 0, ""


def children(process):
    return sorted(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


@pytest.mark.slow
def test_a_truncated_table_costs_no_worker(house, serve):
    home, (key, other) = house
    address, process = serve()
    assert fetch(address + OF_TABLE, key)[0] == 200
    before = children(process)
    assert len(before) == 1
    for file in executions(home).rglob("*.parquet"):
        cut(file, 0.5)
    Context.open(Settings(home=home)).lake.recover("acme")  # what the nightly check does, in another process
    for number in range(20):
        status, kind = fetch(f"{address}{OF_TABLE}?limit={10 + number}", key)
        assert (status, kind) == (503, "application/problem+json")
        assert fetch(f"{address}{OF_TABLE}?limit={10 + number}", other)[0] == 200
    assert fetch(address + "/api/social/posts", key)[0] == 200
    assert children(process) == before


@pytest.mark.slow
def test_a_worker_killed_outright_is_replaced_and_answers(house, serve):
    key = house[1][0]
    address, process = serve()
    os.kill(int(children(process)[0]), signal.SIGKILL)
    for _ in range(400):
        if fetch(address + OF_TABLE, key)[0] == 200:
            return
        time.sleep(0.05)
    raise AssertionError("nobody took the dead worker's place")
