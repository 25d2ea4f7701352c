"""Forecasts of value at risk that take too long for a request: made by a job, read by pages."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, now


class RiskForecast(OrgScoped):
    """What one method said, evening by evening, of one book; the last run of the job wins."""

    __tablename__ = "risk_forecasts"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    book_kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # organisation desk account
    book_id: Mapped[str] = mapped_column(String(80), primary_key=True)  # "" for the organisation
    method: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date | None]  # last evening
    version: Mapped[str] = mapped_column(String(40))  # of the code
    # {evenings: [...], table: [...]} as app/jobs/risk_models.py writes it
    document: Mapped[Document] = mapped_column(default=dict)
    data_versions: Mapped[Document] = mapped_column(default=dict)
    computed_at: Mapped[datetime] = mapped_column(default=now)
