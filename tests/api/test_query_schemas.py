"""What a query may hold is worked out once per route, not once per request."""

import pytest

from app.api._schema import AlertsQuery, ScopeQuery, SortedQuery


@pytest.mark.parametrize("query", [ScopeQuery, SortedQuery, AlertsQuery])
def test_each_query_keeps_a_schema_of_its_own(query):
    assert query.model_json_schema() is query.model_json_schema()
    assert query.model_json_schema() == query.model_json_schema(by_alias=True)
    assert len(query.model_json_schema()["properties"]) == len(query.model_fields)
