"""Where features are kept: one folder a state of the tables, nothing of earlier ones."""

from types import SimpleNamespace

import pytest

from analytics.compliance.detector import all_detectors
from app.jobs._features import features_folder


@pytest.fixture
def folder(tmp_path):
    context = SimpleNamespace(settings=SimpleNamespace(root=tmp_path))

    def of(name: str, versions, org: str = "acme"):
        return features_folder(context, org, all_detectors()[name](), versions)

    return of


def test_the_same_state_has_the_same_folder_whatever_the_order(folder):
    one = folder("layering", {"accounts": "1", "order_events": "7"})
    (one / "order_lives.arrow").write_bytes(b"kept")
    assert folder("layering", {"order_events": "7", "accounts": "1"}) == one
    assert (one / "order_lives.arrow").read_bytes() == b"kept"


def test_a_new_version_of_a_table_drops_what_was_kept_of_the_old_one(folder):
    old = folder("layering", {"order_events": "7"})
    new = folder("layering", {"order_events": "8"})
    assert (old.exists(), new.exists()) == (False, True)


def test_detectors_and_firms_keep_apart(folder):
    mine = folder("layering", {"order_events": "7"})
    others = [folder("spoofing", {"order_events": "7"}), folder("layering", {"order_events": "7"}, "other")]
    assert mine.exists()
    assert len({mine, *others}) == 3
