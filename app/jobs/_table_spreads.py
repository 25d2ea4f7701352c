"""Quoted spreads by instrument and day, for the models that look at what it costs to trade."""

import polars as pl

from analytics.datasets import QUOTES
from analytics.models._spreads import DAILY_SPREADS, QUOTE_COLUMNS, daily_spreads
from app.context import Context
from app.jobs._model_tables import Made
from app.storage.collect import collect


def _read(context: Context, org: str) -> pl.DataFrame:
    return collect(daily_spreads(context.lake.scan(org, QUOTES).select(QUOTE_COLUMNS)))


def _version(context: Context, org: str) -> str:
    return context.lake.version(org, QUOTES)


TABLE = Made(DAILY_SPREADS, _read, _version)
