"""With a real Redis: answers and limits are shared, and both outlive its death."""

import pickle
import shutil
import socket
import subprocess
import time

import pytest
import redis

from app.config import Settings
from app.gateway.limits import Budgets
from app.storage.cache import AnswerCache
from tests.app.gateway.kit import build, serve

SECRET = "k" * 20 + "3fX!" * 5
pytestmark = pytest.mark.redis


@pytest.fixture
def store(tmp_path):
    """Start a Redis of our own and return its address and process."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.from_url(url)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield url, process
    process.kill()
    process.wait()


def at(tmp_path, url, name="home"):
    return Settings(home=tmp_path / name, secret_key=SECRET, redis_url=url)


def ask(kept, value, version="1"):
    return kept.answer("alpha", "q", lambda: value, version=lambda: version)


def test_two_hosts_share_answers_and_survive_its_death(store, tmp_path):
    url, process = store
    one, two = (AnswerCache.open(at(tmp_path, url, name)) for name in ("a", "b"))
    assert ask(one, "first") == "first"
    assert ask(two, "second") == "first"
    process.kill()
    process.wait()
    started = time.monotonic()
    assert ask(two, "computed") == "computed"
    assert time.monotonic() - started < 2


def test_a_pickle_in_redis_runs_nothing(store, tmp_path):
    url, _ = store
    kept = AnswerCache.open(at(tmp_path, url))
    ask(kept, "good")
    client = redis.from_url(url)
    for key in client.keys("qd:answer:*"):
        client.set(key, b"!" + pickle.dumps(print))
    assert ask(kept, "again") == "again"
    assert kept.stats("alpha")["poisoned"] >= 1


def test_two_workers_share_one_budget_and_keep_it_when_redis_dies(store, tmp_path):
    url, process = store
    budgets = Budgets(caller="6 per minute")
    house = build(at(tmp_path, url), budgets)
    key = {"X-API-Key": house.key()}
    other = house.server.test_client()
    again = serve(house.context, budgets).server.test_client()
    codes = [(other if n % 2 else again).get("/api/things/who", headers=key).status_code for n in range(10)]
    assert codes == [200] * 6 + [429] * 4
    process.kill()
    process.wait()
    codes = [other.get("/api/things/who", headers=key).status_code for _ in range(10)]
    assert codes == [200] * 6 + [429] * 4
