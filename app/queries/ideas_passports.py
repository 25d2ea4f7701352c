"""How ideas did, as records."""

from analytics.portfolio.passport import Passport
from analytics.social.idea_measures import measures
from app.desk import Desk
from app.queries import ideas
from app.queries._passports import Subject


def records(desk: Desk) -> list[Passport]:
    """Return hit rate and mean result of the ideas in scope that have ended."""
    return measures(ideas.ended(desk))


PASSPORTS = Subject(records=records, datasets=ideas.READS)
