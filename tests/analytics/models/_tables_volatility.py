"""Small tables for the volatility models."""

from tests.analytics.models._tables import Case, prices


def _few(seed: int):
    return prices(seed, names=4)


CASES = {"volatility": Case(prices), "volatility_5d": Case(_few), "volatility_21d": Case(_few)}
