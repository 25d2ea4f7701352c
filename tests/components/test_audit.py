"""What an entry of the audit trail says has changed."""

from components.audit import _told


def test_only_what_changed_is_told():
    assert _told('{"a": 1, "b": 2}', '{"a": 1, "b": 3}') == ["b: 2 to 3"]


def test_what_was_made_and_what_was_taken_away():
    assert _told(None, '{"name": "x", "gone": null}') == ["name: x"]
    assert _told('{"name": "x"}', '{"name": null}') == ["name: x to nothing"]


def test_words_that_are_no_document_are_told_as_they_are():
    assert _told(None, "plain words") == ["plain words"]
    assert _told(None, None) == []
