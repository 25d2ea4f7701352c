from datetime import date

import pytest

from app.demo.generate import generate

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def firms():
    return {firm.slug: firm for firm in generate(7, "small", TODAY)}


@pytest.fixture(scope="session", params=["halyard", "meridian"])
def firm(request, firms):
    return firms[request.param]
