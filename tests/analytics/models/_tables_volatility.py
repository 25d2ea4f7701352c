"""Small tables for the volatility models."""

from tests.analytics.models._tables import Case, prices

CASES = {"volatility": Case(prices), "volatility_5d": Case(prices)}
