"""The operator's commands: what they print and how they end."""

import io
import json

import pytest

from app.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs a command in a home of its own: exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path / "home"))

    def call(*args, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def acme(run):
    assert run("org", "create", "acme", "--name", "Acme Capital")[0] == 0
    return "acme"


def test_a_firm_is_made_listed_and_removed(run, acme):
    code, out, _ = run("org", "list", "--json")
    assert [(row["slug"], row["name"], row["currency"]) for row in json.loads(out)] == [
        ("acme", "Acme Capital", "USD")
    ]
    code, _, err = run("org", "delete", "acme")
    assert code == 2
    assert "--yes" in err
    assert run("org", "delete", "acme", "--yes")[0] == 0
    assert json.loads(run("org", "list", "--json")[1]) == []


def test_refused_input_ends_with_2_and_one_line(run, acme):
    for args in (
        ("org", "create", "Acme!", "--name", "x"),
        ("user", "list", "nobody"),
        ("key", "create", "acme", "--name", "k", "--role", "trader", "--scope", "all"),
        ("key", "revoke", "acme", "k_none"),
        ("org", "export", "nobody", "x.zip"),
    ):
        code, out, err = run(*args)
        assert (code, out, err.count("\n")) == (2, "", 1), args


def test_a_user_is_made_with_the_password_from_standard_input_which_is_never_shown(run, acme):
    args = (
        "user",
        "create",
        "acme",
        "Jane@Acme.com",
        "--name",
        "Jane",
        "--role",
        "trader",
        "--desk",
        "rates",
    )
    code, out, err = run(*args, "--password-stdin", "--json", stdin="seven-brass-lanterns\n")
    assert (code, json.loads(out)["email"], json.loads(out)["desks"]) == (0, "jane@acme.com", ["rates"])
    assert "lanterns" not in out + err
    assert run("user", "disable", "acme", "jane@acme.com")[0] == 0
    assert json.loads(run("user", "list", "acme", "--json")[1])[0]["disabled"] is True
    assert run("user", "reset-password", "acme", "jane@acme.com", "--password-stdin", stdin="short\n")[0] == 2


def test_a_key_stands_alone_on_the_last_line(run, acme):
    code, out, _ = run("key", "create", "acme", "--name", "script", "--role", "trader", "--scope", "read")
    key = out.splitlines()[-1]
    assert (code, len(key), key[:3]) == (0, 46, "qd_")
    (shown,) = json.loads(run("key", "list", "acme", "--json")[1])
    assert key not in json.dumps(shown)
    assert run("key", "revoke", "acme", shown["id"])[0] == 0


def test_the_trail_is_proven_and_handed_out(run, acme, tmp_path):
    assert run("audit", "verify", "acme")[:2] == (0, "1 entries hold; anchored up to entry 1.\n")
    assert run("audit", "export", "acme", "trail.ndjson")[0] == 0
    assert run("audit", "export", "acme", "trail.ndjson")[0] == 2
    (tmp_path / "home" / "anchors" / "acme.log").write_text(
        '{"org":"acme","seq":1,"hash":"0","time":"","mac":""}\n'
    )
    code, out, _ = run("audit", "verify", "acme", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_everything_of_a_firm_comes_in_one_zip_without_secrets(run, acme, tmp_path):
    import zipfile

    run(
        "user",
        "create",
        "acme",
        "j@a.com",
        "--name",
        "J",
        "--role",
        "admin",
        "--password-stdin",
        stdin="seven-brass-lanterns",
    )
    assert run("org", "export", "acme", "acme.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "acme.zip") as archive:
        (user,) = [json.loads(line) for line in archive.read("records/users.ndjson").splitlines()]
        assert user["email"] == "j@a.com"
        assert not any("argon2" in archive.read(name).decode() for name in archive.namelist())
        assert len(archive.read("audit.ndjson").splitlines()) == 3


def test_a_backup_comes_back_in_a_new_home_only(run, acme, tmp_path, monkeypatch):
    assert run("backup", "b.tar.gz")[0] == 0
    assert run("restore", "b.tar.gz")[0] == 2
    monkeypatch.setenv("QUARTERDECK_HOME", str(tmp_path / "other"))
    assert run("restore", "b.tar.gz")[0] == 0
    assert run("audit", "verify", "acme")[0] == 0
