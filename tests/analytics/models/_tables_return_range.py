"""Small tables for the return ranges."""

from tests.analytics.models._tables import Case, prices


def _few(seed: int):
    return prices(seed, names=4, days=440)


def _longer(seed: int):
    return prices(seed, names=3, days=500)


CASES = {"return_range": Case(_few), "return_range_5d": Case(_few), "return_range_21d": Case(_longer)}
