"""The gate under attack."""

import pytest


def test_anonymous_gets_nothing_of_dash(house):
    client = house.client()
    for path in ("/_dash-layout", "/_dash-dependencies", "/_reload-hash", "/api/things/who"):
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (401, "application/problem+json"), path
