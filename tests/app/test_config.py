"""Settings: what an operator may say, and what production refuses to start with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import Settings
from app.errors import BadSettings

ROOT = Path(__file__).resolve().parents[2]
GOOD = "q8Zr2-Vt5nXw7Lm1Kd9Hs3Bf6Gj4Pc0Ya"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No setting and no .env of the machine shall decide these tests."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("QUARTERDECK_")]:
        monkeypatch.delenv(name)


def test_without_any_setting_it_runs_on_a_laptop(tmp_path):
    settings = Settings.load()
    assert settings.database == f"sqlite:///{tmp_path / 'var' / 'records.db'}"
    assert settings.lake == str(tmp_path / "var" / "lake")
    assert settings.allowed_hosts == ("127.0.0.1", "localhost", "[::1]")


def test_a_secret_is_made_once_and_kept(tmp_path):
    first = Settings.load(home=tmp_path / "home").secret
    assert len(first) >= 32
    assert Settings.load(home=tmp_path / "home").secret == first
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o077 == 0


def test_unknown_names_are_an_error_in_the_environment_and_in_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("QUARTERDECK_REDIS", "redis://x")
    with pytest.raises(BadSettings, match="QUARTERDECK_REDIS is not a setting"):
        Settings.load()
    monkeypatch.delenv("QUARTERDECK_REDIS")
    (tmp_path / ".env").write_text("QUARTERDECK_HOEM=/somewhere\n")
    with pytest.raises(BadSettings, match="QUARTERDECK_HOEM is not a setting"):
        Settings.load()


def test_a_setting_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text(GOOD + "\n")
    monkeypatch.setenv("QUARTERDECK_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert Settings.load().secret == GOOD
    monkeypatch.setenv("QUARTERDECK_SECRET_KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(BadSettings, match="cannot read"):
        Settings.load()


def test_a_value_that_does_not_fit_names_its_setting(monkeypatch):
    monkeypatch.setenv("QUARTERDECK_TRUSTED_PROXIES", "many")
    with pytest.raises(BadSettings, match="QUARTERDECK_TRUSTED_PROXIES"):
        Settings.load()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "SECRET_KEY is missing"),
        ({"secret_key": "short"}, "SECRET_KEY is too short"),
        ({"secret_key": "a" * 40}, "known or guessable"),
        ({"secret_key": "password" + "1" * 30}, "known or guessable"),
        ({"secret_key": GOOD, "allowed_hosts": ("*",)}, "wildcard"),
        ({"secret_key": GOOD, "allowed_hosts": ("*.example.com",)}, "wildcard"),
    ],
)
def test_production_refuses_what_is_insecure(changes, reason):
    with pytest.raises(BadSettings, match=reason):
        Settings.load(mode="production", **changes)


def test_production_starts_with_a_good_secret():
    assert Settings.load(mode="production", secret_key=GOOD, allowed_hosts=("desk.example.com",)).production


def started(home, *words, **settings):
    """Run a command of app.py in a home of its own and return what became of it."""
    env = {f"QUARTERDECK_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        env={"PATH": os.environ["PATH"], "QUARTERDECK_HOME": str(home), **env},
        capture_output=True,
        text=True,
        cwd=home,
        check=False,
    )


def test_a_refused_start_says_why_in_one_line_and_exits_with_1(tmp_path):
    done = started(tmp_path, "serve", mode="production")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "app.py: QUARTERDECK_SECRET_KEY is missing: set at least 32 random characters."
    ]
    assert "Traceback" not in done.stdout + done.stderr


def test_demo_users_are_refused_in_production(tmp_path):
    done = started(tmp_path, "demo", "--size", "small", mode="production", secret_key=GOOD)
    assert done.returncode == 1
    assert "production" in done.stderr


def test_production_does_not_serve_demo_people(tmp_path):
    from app.actions import orgs
    from app.actions._roles import console
    from tests.world import open_context

    context = open_context(tmp_path, mode="production", secret_key=GOOD)
    context.check()
    orgs.create(context.database, console("show"), slug="show", name="Show", demo=True)
    with pytest.raises(BadSettings, match="remove show"):
        context.check()


def test_more_workers_without_a_shared_store_are_refused(tmp_path):
    done = started(tmp_path, "serve", "--workers", "2")
    assert done.returncode == 1
    assert "Redis" in done.stderr
