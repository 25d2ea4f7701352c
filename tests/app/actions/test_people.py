"""Users, sessions, keys and firms: who gets in, who stays out, and when."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.actions import audit as trail
from app.actions import keys, orgs, preferences, sessions, sign_in, users
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthorised
from app.scope import ROLES, Identity
from app.storage.records._base import now
from app.storage.records.people import WebSession
from tests.app.conftest import PASSWORD


def make(database, admin, email="tom@acme.com", role="trader", **more):
    return users.create(database, admin, email=email, name="Tom", role=role, password=PASSWORD, **more)


def identity_of(user):
    return Identity(user.org, user.id, user.name, user.role)


# --- signing in ------------------------------------------------------------------------------------
def test_an_address_signs_in_in_any_case_and_unicode_form(database, jane):
    found = sign_in.authenticate(database, " JANE@Acme.com", PASSWORD)
    assert (found.user_id, found.org, found.org_name, found.role) == (
        jane.user_id,
        "acme",
        "Acme Capital",
        "admin",
    )


@pytest.mark.parametrize(
    ("email", "password"), [("jane@acme.com", "wrong"), ("nobody@acme.com", PASSWORD), ("", "")]
)
def test_wrong_and_unknown_look_the_same(database, jane, email, password):
    with pytest.raises(Unauthorised, match=r"^The address or the password is wrong\.$"):
        sign_in.authenticate(database, email, password)


@pytest.mark.parametrize("email", ["jane@acme.com", "nobody@acme.com"])
def test_ten_failures_lock_known_and_unknown_addresses_alike_for_at_most_15_minutes(database, jane, email):
    for _ in range(10):
        with pytest.raises(Unauthorised):
            sign_in.authenticate(database, email, "wrong")
    with pytest.raises(TooMany) as refused:
        sign_in.authenticate(database, email, PASSWORD)
    assert 0 < refused.value.retry_after <= 31
    with database.session(None, write=True) as session:
        session.execute(text("UPDATE sign_in_attempts SET failures = 30, locked_until = NULL"))
    with pytest.raises(Unauthorised):
        sign_in.authenticate(database, email, "wrong")
    with pytest.raises(TooMany) as refused:
        sign_in.authenticate(database, email, PASSWORD)
    assert 890 < refused.value.retry_after <= 901


def test_a_success_forgets_the_failures(database, jane):
    for _ in range(9):
        with pytest.raises(Unauthorised):
            sign_in.authenticate(database, "jane@acme.com", "wrong")
    sign_in.authenticate(database, "jane@acme.com", PASSWORD)
    with pytest.raises(Unauthorised):
        sign_in.authenticate(database, "jane@acme.com", "wrong")


def test_an_address_of_two_firms_says_which(database, jane, stranger):
    users.create(database, stranger, email="jane@acme.com", name="J", role="trader", password=PASSWORD)
    with pytest.raises(Conflict):
        sign_in.authenticate(database, "jane@acme.com", PASSWORD)
    assert sign_in.authenticate(database, "jane@acme.com", PASSWORD, org="zenith").org == "zenith"


def test_unknown_addresses_cost_a_hash_too(database, jane, monkeypatch):
    hashed = []
    real = sign_in.verify_password
    monkeypatch.setattr(sign_in, "verify_password", lambda *a: hashed.append(a[0]) or real(*a))
    for email in ("jane@acme.com", "nobody@acme.com"):
        with pytest.raises(Unauthorised):
            sign_in.authenticate(database, email, "wrong")
    assert [stored is None for stored in hashed] == [False, True]


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password1234",
        "123456789012",
        "aaaaaaaaaaaaaaa",
        "jane@acme.com1"[:4] + "12345678",
        "x" * 300,
    ],
)
def test_weak_passwords_are_refused(database, admin, password):
    with pytest.raises(Invalid) as refused:
        users.create(database, admin, email="jane@acme.com", name="J", role="trader", password=password)
    assert [error.field for error in refused.value.errors] == ["password"]
    assert password not in str(refused.value)


def test_production_wants_fifteen_characters(database, admin):
    with pytest.raises(Invalid, match="15"):
        users.create(
            database,
            admin,
            email="a@b.c",
            name="J",
            role="trader",
            password="brass-lantern7",
            production=True,
        )


# --- users -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_admins_touch_users_and_keys(database, admin, role):
    actor = Identity("acme", "u_x", "X", role)
    tom = make(database, admin)
    for forbidden in (
        lambda: make(database, actor, email="new@acme.com"),
        lambda: users.set_role(database, actor, tom.id, "admin"),
        lambda: users.set_disabled(database, actor, tom.id),
        lambda: users.reset_password(database, actor, tom.id, PASSWORD),
        lambda: users.log_out_everywhere(database, actor, tom.id),
        lambda: keys.create(database, actor, name="k", role="trader"),
        lambda: keys.revoke(database, actor, "k_1"),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_a_key_that_only_reads_changes_nothing(database, admin):
    with pytest.raises(Forbidden, match="only read"):
        make(database, Identity("acme", "k_1", "script", "admin", scopes=frozenset({"read"})))


def test_a_stranger_finds_no_user(database, admin, stranger):
    tom = make(database, admin)
    for act in (
        lambda: users.set_role(database, stranger, tom.id, "admin"),
        lambda: users.set_disabled(database, stranger, tom.id),
        lambda: users.reset_password(database, stranger, tom.id, PASSWORD),
        lambda: users.log_out_everywhere(database, stranger, tom.id),
        lambda: users.set_role(database, stranger, "u_none", "admin"),
    ):
        with pytest.raises(NotFound, match=r"^There is no such user\.$"):
            act()
    assert [user.email for user in users.every(database, admin)] == ["tom@acme.com"]
    assert users.every(database, stranger) == []


def test_nobody_changes_his_own_role_desks_or_access(database, jane):
    for act in (
        lambda: users.set_role(database, jane, jane.user_id, "compliance"),
        lambda: users.set_desks(database, jane, jane.user_id, None),
        lambda: users.set_disabled(database, jane, jane.user_id),
    ):
        with pytest.raises(Forbidden, match="Nobody"):
            act()


def test_the_last_admin_stays(database, jane, admin):
    for act in (
        lambda: users.set_role(database, admin, jane.user_id, "trader"),
        lambda: users.set_disabled(database, admin, jane.user_id),
    ):
        with pytest.raises(Conflict, match="last admin"):
            act()
    make(database, admin, role="admin")
    users.set_disabled(database, admin, jane.user_id)


def test_admins_make_no_operators(database, jane, admin):
    with pytest.raises(Forbidden):
        make(database, jane, role="operator")
    operator = make(database, admin, role="operator")
    with pytest.raises(Forbidden):
        users.set_role(database, jane, operator.id, "trader")
    with pytest.raises(Forbidden):
        users.reset_password(database, jane, operator.id, PASSWORD)


def test_one_address_is_one_user_of_a_firm(database, jane, admin, stranger):
    with pytest.raises(Conflict):
        make(database, admin, email="JANE@ACME.COM")
    make(database, stranger, email="jane@acme.com")


def test_every_change_is_on_record(database, jane, admin):
    tom = make(database, admin)
    users.set_role(database, jane, tom.id, "risk")
    users.set_desks(database, jane, tom.id, ["rates"])
    users.reset_password(database, jane, tom.id, "other-brass-lanterns")
    users.set_disabled(database, jane, tom.id)
    found = trail.entries(database, jane, object_kind="user", object_id=tom.id)
    assert [entry["action"] for entry in found] == [
        "user.disable", "user.password", "user.desks", "user.role", "user.create",
    ]  # fmt: skip
    assert (found[3]["before"], found[3]["after"]) == ('{"role":"trader"}', '{"role":"risk"}')
    assert trail.verify(database, "acme").ok


def test_preferences_are_ones_own(database, jane, admin):
    assert preferences.change(database, jane, {"theme": "dark", "zone": "UTC"}) == {
        "theme": "dark",
        "zone": "UTC",
    }
    assert preferences.change(database, jane, {"zone": None}) == {"theme": "dark"}
    assert preferences.of(database, jane) == {"theme": "dark"}
    with pytest.raises(Invalid):
        preferences.change(database, jane, {"junk": "x" * 20_000})


# --- sessions --------------------------------------------------------------------------------------
@pytest.fixture
def token(database, jane):
    return sessions.open_session(database, jane, user_agent="Firefox")


def test_a_session_is_found_by_its_token_only(database, jane, token):
    assert sessions.find_session(database, token).user_id == jane.user_id
    for other in ("", token[:-1], token.swapcase(), token + "\0", "\ud800"):
        assert sessions.find_session(database, other) is None
    with database.session(None) as session:
        assert session.scalars(select(WebSession)).one().id != token


def test_signing_out_ends_this_session_only(database, jane, token):
    other = sessions.open_session(database, jane)
    sessions.revoke(database, jane, token)
    assert sessions.find_session(database, token) is None
    assert sessions.find_session(database, other).user_id == jane.user_id
    assert len(sessions.mine(database, jane)) == 1


def test_nobody_ends_a_session_of_somebody_else(database, admin, jane, token):
    sessions.revoke(database, identity_of(make(database, admin)), token)
    assert sessions.find_session(database, token) is not None


@pytest.mark.parametrize(
    "act",
    [
        lambda db, admin, jane: users.log_out_everywhere(db, jane, jane.user_id),
        lambda db, admin, jane: users.reset_password(db, jane, jane.user_id, "other-brass-lanterns"),
        lambda db, admin, jane: users.set_desks(db, admin, jane.user_id, ["rates"]),
        lambda db, admin, jane: orgs.set_disabled(db, admin, "acme", disabled=True),
    ],
    ids=["log out everywhere", "new password", "other desks", "firm disabled"],
)
def test_every_session_ends_at_once_on(database, admin, jane, token, act):
    other = sessions.open_session(database, jane)
    act(database, admin, jane)
    assert [sessions.find_session(database, t) for t in (token, other)] == [None, None]


def test_a_disabled_user_is_out_with_his_sessions_and_keys(database, admin, jane):
    tom = make(database, admin, role="admin")
    token = sessions.open_session(database, identity_of(tom))
    _, key = keys.create(database, identity_of(tom), name="his", role="trader")
    users.set_disabled(database, jane, tom.id)
    assert (sessions.find_session(database, token), keys.find_key(database, key)) == (None, None)
    with pytest.raises(Unauthorised):
        sign_in.authenticate(database, "tom@acme.com", PASSWORD)


@pytest.mark.parametrize(
    ("age", "idle", "holds"), [(1, 7, True), (9, 9, False), (23, 7, True), (25, 1, False)]
)
def test_a_session_ends_after_8_idle_hours_and_after_24_in_all(database, jane, token, age, idle, holds):
    """``age`` and ``idle``: hours since the session was opened and since it was last seen."""
    at = now()
    created, seen = at - timedelta(hours=age), at - timedelta(hours=idle)
    expires = min(seen + sessions.IDLE, created + sessions.ABSOLUTE)
    with database.session(None, write=True) as session:
        session.execute(update(WebSession).values(created_at=created, last_seen_at=seen, expires_at=expires))
    assert (sessions.find_session(database, token) is not None) == holds
    with database.session(None) as session:
        limit = session.scalars(select(WebSession)).one().expires_at
    assert limit <= created + sessions.ABSOLUTE
    assert not holds or limit >= min(at + sessions.IDLE, created + sessions.ABSOLUTE)
