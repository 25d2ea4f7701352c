"""The steps between released schemas of the records (alembic)."""
