"""The lines that come with the product, as the model of communications risk reads them: the same for everybody."""

from analytics.compliance._teaching import SHIPPED, conduct_lines
from analytics.models.communications_risk import LINES_TABLE, dealt
from app.jobs._model_tables import Made

TABLE = Made(
    LINES_TABLE, lambda _context, _org: dealt(conduct_lines()), lambda _context, _org: SHIPPED, shipped=True
)
