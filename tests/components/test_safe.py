"""Addresses that come with data must not run in the page."""

import pytest

from components.safe import safe_url
from components.tables import link


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\tjavascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https:///path",
        "ftp://host/file",
        "relative/path",
        "",
        None,
        7,
        "https://[broken",
        "/" + "a" * 2001,
    ],
)
def test_what_could_run_or_leave_unseen_is_refused(address):
    assert safe_url(address) is None
    shown = link("words", address)
    assert "href" not in shown.to_plotly_json()["props"]


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a?b=c", "http://example.org", "mailto:a@example.org", "/compliance/alerts/A1?x=1"],
)
def test_web_mail_and_local_addresses_pass(address):
    assert safe_url(address) == address


def test_a_link_to_another_site_gives_nothing_away():
    props = link("news", "https://example.org/x").to_plotly_json()["props"]
    assert props["rel"] == "noopener noreferrer"
    assert props["target"] == "_blank"
