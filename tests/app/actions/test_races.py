"""Two at the same moment: one wins, the other is told."""

import threading

from app.actions import users
from app.errors import Conflict
from app.scope import Identity
from tests.app.conftest import PASSWORD


def at_once(*acts):
    """Run ``acts`` in threads that start together and return what each raised."""
    start, raised = threading.Barrier(len(acts)), [None] * len(acts)

    def run(i, act):
        start.wait()
        try:
            act()
        except Conflict as error:
            raised[i] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_one_address_given_twice_makes_one_user(database, admin):
    def make():
        users.create(database, admin, email="tom@acme.com", name="Tom", role="trader")

    raised = at_once(*[make] * 4)
    assert sum(error is not None for error in raised) == 3
    assert len(users.every(database, admin)) == 1


def test_two_admins_who_remove_one_another_leave_one(database, jane, admin):
    for _ in range(5):
        tom = users.create(database, admin, email="tom@acme.com", name="Tom", role="admin", password=PASSWORD)
        he = Identity("acme", tom.id, "Tom", "admin")
        raised = at_once(
            lambda he=he: users.set_role(database, he, jane.user_id, "trader"),
            lambda tom=tom: users.set_role(database, jane, tom.id, "trader"),
        )
        left = [user for user in users.every(database, admin) if user.role == "admin"]
        assert (len(left), sum(error is not None for error in raised)) == (1, 1)
        users.set_role(database, admin, jane.user_id, "admin") if left[0].id == tom.id else None
        with database.session("acme", write=True) as session:
            session.delete(users.get(session, tom.id))
