"""The answer cache: computed once, never another's, never code."""

import multiprocessing
import os
import pickle
import subprocess
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.datasets import EXECUTIONS
from app.config import Settings
from app.desk import Desk
from app.errors import Forbidden, Unavailable
from app.scope import Identity, Scope
from app.storage import cache as caching
from app.storage.cache import AnswerCache, cached, noting_stale
from app.storage.cache_locks import Locks
from app.storage.cache_store import FolderStore, Store

SECRET = "k" * 20 + "3fX!" * 5


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, secret_key=SECRET)


@pytest.fixture
def kept(settings):
    return AnswerCache.open(settings)


class Source:
    """Something to compute from, that counts how often it was asked and can be down."""

    def __init__(self, value=1, *, seconds=0.0):
        self.value, self.seconds, self.asked, self.down = value, seconds, 0, False
        self.lock = threading.Lock()

    def __call__(self):
        with self.lock:
            self.asked += 1
        time.sleep(self.seconds)
        if self.down:
            raise Unavailable("The lake does not answer.")
        return self.value


class VersionedDesk(Desk):
    """A desk whose tables are a number."""

    versions_now = "1"

    def token(self, datasets, records=()):
        if self.versions_now == "down":
            raise Unavailable("The lake does not answer.")
        return f"{[d.name for d in datasets]}{records}{self.versions_now}"


def desk(kept, org="alpha", *, query="", **identity):
    who = Identity(org, identity.pop("user_id", "u1"), "n", identity.pop("role", "risk"), **identity)
    return VersionedDesk(None, None, who, Scope.parse(query), kept)


def files(settings):
    return [path for path in (settings.root / "cache" / "answers").iterdir() if path.is_file()]


def ask(kept, source, *, org="alpha", question="q", version="1", **more):
    return kept.answer(org, question, source, version=lambda: version, **more)


def test_the_second_asker_gets_what_was_computed_for_the_first(kept):
    source = Source({"rows": [1, 2]})
    assert [ask(kept, source) for _ in range(3)] == [{"rows": [1, 2]}] * 3
    assert source.asked == 1
    assert (kept.stats("alpha")["hits"], kept.stats("alpha")["misses"]) == (2, 1)


def test_a_new_version_is_a_new_question(kept):
    source = Source()
    assert ask(kept, source) == 1
    source.value = 2
    assert (ask(kept, source), ask(kept, source, version="2")) == (1, 2)


@pytest.mark.parametrize("nothing", [None, 0, "", [], {}, False, pl.DataFrame()])
def test_an_empty_answer_is_an_answer(kept, nothing):
    source = Source(nothing)
    ask(kept, source)
    again = ask(kept, source)
    assert source.asked == 1
    assert type(again) is type(nothing)


def test_two_organisations_never_share(kept):
    a, b = Source("rows of alpha"), Source("rows of beta")
    assert ask(kept, a, org="alpha") == "rows of alpha"
    assert ask(kept, b, org="beta") == "rows of beta"
    assert kept.stats("beta")["hits"] == 0


def test_separators_in_names_do_not_make_two_questions_one(kept):
    one, two = Source(1), Source(2)
    assert ask(kept, one, org="a|b", question="c") == 1
    assert ask(kept, two, org="a", question="b|c") == 2


def test_threads_that_ask_at_once_compute_once(kept):
    source, found = Source(seconds=0.3), []
    threads = [threading.Thread(target=lambda: found.append(ask(kept, source))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, source.asked) == ([1] * 24, 1)
    stats = kept.stats("alpha")
    assert (stats["misses"], stats["stampedes_avoided"] + stats["hits"]) == (1, 23)


def _ask_in_child(home, log, barrier):
    settings = Settings(home=home, secret_key=SECRET)
    store = Store.open(settings)
    kept = AnswerCache(store, Locks(home / "cache" / "locks", store.redis), secret=SECRET, release="1")

    def compute():
        with Path(log).open("a") as file:
            file.write("x")
        time.sleep(0.5)
        return os.getpid()

    barrier.wait()
    kept.answer("alpha", "q", compute, version=lambda: "1")


def test_processes_that_ask_at_once_compute_once(settings, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    log, barrier = tmp_path / "asked", spawn.Barrier(3)
    children = [
        spawn.Process(target=_ask_in_child, args=(settings.home, str(log), barrier)) for _ in range(3)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert log.read_text() == "x"


def test_a_question_may_ask_another(kept):
    inner = Source(1)
    assert ask(kept, lambda: ask(kept, inner, question="inner") + 1, question="outer") == 2


def test_an_error_is_not_kept_and_frees_the_lock(kept):
    def broken():
        raise ValueError("a bug")

    for _ in range(2):
        with pytest.raises(ValueError, match="a bug"):
            ask(kept, broken)
    assert ask(kept, Source()) == 1


def test_the_last_good_answer_is_served_with_its_age_when_the_source_is_down(kept):
    source = Source("good")
    ask(kept, source, version="1")
    source.down = True
    with noting_stale() as noted:
        assert ask(kept, source, version="2") == "good"
    assert [item.reason for item in noted] == ["The lake does not answer."]
    assert datetime.now(UTC) - noted[0].as_of < timedelta(seconds=10)
    assert kept.stats("alpha")["stale_served"] == 1
    source.down, source.value = False, "new"
    with noting_stale() as noted:
        assert ask(kept, source, version="2") == "new"
    assert noted == []


def test_the_last_good_answer_is_of_the_same_question_and_organisation(kept):
    source = Source("good")
    ask(kept, source)
    source.down = True
    for more in ({"org": "beta"}, {"question": "another"}):
        with pytest.raises(Unavailable):
            ask(kept, source, version="2", **more)


def test_an_answer_too_old_is_no_answer(kept, monkeypatch):
    source = Source("good")
    ask(kept, source)
    source.down = True
    monkeypatch.setattr(caching, "MAX_STALE", -1.0)
    with pytest.raises(Unavailable):
        ask(kept, source, version="2")


def test_an_answer_that_reads_the_clock_holds_for_its_time_only(kept):
    source = Source()
    ask(kept, source, ttl=60)
    ask(kept, source, ttl=60)
    assert source.asked == 1
    ask(kept, source, ttl=-1)
    assert source.asked == 2


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return subprocess.call, (["touch", self.path],)


@pytest.mark.parametrize("poison", ["pickle", "empty", "garbage", "cut", "flipped", "short"])
def test_a_poisoned_file_is_a_counted_miss_and_runs_nothing(kept, settings, tmp_path, poison):
    source = Source({"rows": list(range(100))})
    ask(kept, source)
    canary = tmp_path / "canary"
    for path in files(settings):
        raw = path.read_bytes()
        path.write_bytes(
            {
                "pickle": raw[:4] + pickle.dumps(Bomb(str(canary))),
                "empty": b"",
                "garbage": raw[:4] + os.urandom(200),
                "cut": raw[: len(raw) // 2],
                "flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
                "short": raw[:2],
            }[poison]
        )
    assert ask(kept, source) == {"rows": list(range(100))}
    assert source.asked == 2
    assert kept.stats("alpha")["poisoned"] >= 1
    assert not canary.exists()
    assert ask(kept, source) == source.value
    assert source.asked == 2


def test_the_answer_of_another_organisation_copied_over_ours_is_refused(kept, settings):
    ask(kept, Source("secret of beta"), org="beta")
    theirs = {path: path.read_bytes() for path in files(settings)}
    ask(kept, Source("ours"), org="alpha")
    for path in set(files(settings)) - set(theirs):
        path.write_bytes(max(theirs.values(), key=len))
    assert ask(kept, Source("ours again"), org="alpha") == "ours again"
    assert kept.stats("alpha")["poisoned"] >= 1


def test_an_answer_from_the_future_is_refused(kept, monkeypatch):
    source = Source()
    later = time.time() + 3600
    with monkeypatch.context() as patched:
        patched.setattr(caching.time, "time", lambda: later)
        ask(kept, source)
    assert ask(kept, source) == 1
    assert source.asked == 2


def test_another_secret_reads_nothing(kept, settings):
    ask(kept, Source("old"))
    other = AnswerCache.open(Settings(home=settings.home, secret_key="another" * 8))
    assert ask(other, Source("new")) == "new"


def test_the_folder_is_private(kept, settings):
    ask(kept, Source())
    assert (settings.root / "cache" / "answers").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files(settings)} == {0o600}


def test_no_lock_files_stay_behind(kept, settings):
    for n in range(5):
        ask(kept, Source(), question=str(n))
    assert list((settings.root / "cache" / "locks").iterdir()) == []


def test_the_folder_stays_under_its_cap(tmp_path):
    store = FolderStore(str(tmp_path / "answers"), max_bytes=100_000)
    for n in range(130):
        store.set(f"k{n}", os.urandom(2000))
    store.sweep()
    assert sum(path.stat().st_size for path in (tmp_path / "answers").iterdir()) <= 100_000
    assert store.get("k129") is not None
    assert store.get("k0") is None


def test_a_disk_that_refuses_is_a_miss(kept, settings, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cachelib.file.tempfile.mkstemp", full)
    source = Source()
    assert [ask(kept, source) for _ in range(3)] == [1, 1, 1]
    assert source.asked == 3


def test_redis_that_is_gone_is_a_miss_and_costs_little(tmp_path):
    kept = AnswerCache.open(Settings(home=tmp_path, secret_key=SECRET, redis_url="redis://127.0.0.1:1/0"))
    source = Source()
    started = time.monotonic()
    assert [ask(kept, source) for _ in range(20)] == [1] * 20
    assert time.monotonic() - started < 3
    assert kept.stats()["store_failures"] >= 1


# --- the decorator -----------------------------------------------------------------------------------
CALLS = []


@cached(EXECUTIONS, records=("alerts",))
def blotter(desk, *, top=5, since=None):
    CALLS.append((desk.identity.entitlements, top))
    return pl.DataFrame({"qty": [Decimal("1.5"), None]}, schema={"qty": pl.Decimal(38, 12)}).head(top)


@pytest.fixture(autouse=True)
def fresh():
    CALLS.clear()
    VersionedDesk.versions_now = "1"


def test_a_question_comes_back_exactly_as_computed(kept):
    first, second = blotter(desk(kept)), blotter(desk(kept))
    assert len(CALLS) == 1
    assert_frame_equal(first, second)
    assert second.schema == {"qty": pl.Decimal(38, 12)}


def test_the_key_holds_parameters_scope_and_entitlements_but_not_who_asks(kept):
    blotter(desk(kept))
    for other in (
        lambda: blotter(desk(kept), top=1),
        lambda: blotter(desk(kept), since=date(2026, 1, 1)),
        lambda: blotter(desk(kept, query="account=A1")),
        lambda: blotter(desk(kept, role="compliance")),
        lambda: blotter(desk(kept, desks=("x",))),
        lambda: blotter(desk(kept, desks=("x", "y"))),
        lambda: blotter(desk(kept, "beta")),
    ):
        before = len(CALLS)
        other()
        other()
        assert len(CALLS) == before + 1
    before = len(CALLS)
    blotter(desk(kept, user_id="u2"))
    blotter(desk(kept), top=5, since=None)
    assert len(CALLS) == before


@cached(EXECUTIONS, shared=True)
def turnover(desk, *, top=5):
    CALLS.append((desk.org, desk.identity.desks, desk.scope.account, top))
    return len(CALLS)


def test_all_who_see_the_whole_share_an_answer_and_nobody_else_gets_it(kept):
    assert [turnover(desk(kept, role=role)) for role in ("risk", "compliance", "auditor")] == [1, 1, 1]
    assert turnover(desk(kept, role="portfolio_manager", person_id="P1", user_id="u2")) == 1
    assert turnover(desk(kept, role="trader", desks=("x",))) == 2
    assert turnover(desk(kept, role="trader", desks=("y",))) == 3
    assert turnover(desk(kept, query="account=A1")) == 4
    assert turnover(desk(kept, "beta")) == 5
    assert turnover(desk(kept, role="compliance"), top=1) == 6
    assert [desks for _, desks, *_ in CALLS[:3]] == [None, ("x",), ("y",)]


def test_who_reads_no_data_gets_no_shared_answer(kept):
    turnover(desk(kept))
    with pytest.raises(Forbidden):
        turnover(desk(kept, role="admin"))


def test_a_lost_entitlement_counts_at_once(kept):
    blotter(desk(kept, desks=("x", "y")))
    blotter(desk(kept, desks=("x",)))
    assert [seen[0] for seen in CALLS] == ["alpha|risk|x,y|", "alpha|risk|x|"]


def test_versions_that_cannot_be_told_serve_the_last_good_answer(kept):
    blotter(desk(kept))
    VersionedDesk.versions_now = "down"
    with noting_stale() as noted:
        assert blotter(desk(kept)).height == 2
    assert noted[0].question.endswith("blotter")
    with pytest.raises(Unavailable):
        blotter(desk(kept, "beta"))


def test_without_a_cache_the_question_is_computed(kept):
    blotter(desk(None))
    blotter(desk(None))
    assert len(CALLS) == 2
