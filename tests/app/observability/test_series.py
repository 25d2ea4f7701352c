"""Rates and latencies per organisation: each sees its own."""

from app.observability import series as module
from app.observability.series import Series


def test_quantiles_rate_and_errors_of_a_route():
    series = Series()
    for n in range(1, 101):
        series.observe("alpha", "GET /x", n / 1000, 500 if n > 98 else 200)
    found = series.summary("alpha", window=100)
    row = found["requests"][0]
    assert (row["route"], row["count"], row["errors"], row["rate"]) == ("GET /x", 100, 2, 1.0)
    assert (row["p50_ms"], row["p95_ms"], row["p99_ms"]) == (50.0, 95.0, 99.0)
    assert found["slo"]["error_ratio"] == 0.02
    assert abs(found["slo"]["burn"] - 20) < 1e-9


def test_one_organisation_never_sees_another():
    series = Series()
    series.observe("alpha", "GET /secret-of-alpha", 0.1, 200)
    series.observe(None, "GET /sign-in", 0.1, 200)
    assert series.summary("beta")["requests"] == []
    assert [row["route"] for row in series.summary("alpha")["requests"]] == ["GET /secret-of-alpha"]
    assert len(series.summary(everyone=True)["requests"]) == 2
    series.forget("alpha")
    assert series.summary("alpha")["requests"] == []


def test_without_requests_there_is_no_rate_to_burn():
    assert Series().summary("alpha")["slo"] == {
        "target": 0.999,
        "requests": 0,
        "error_ratio": None,
        "burn": None,
    }


def test_what_is_older_than_the_window_does_not_count(monkeypatch):
    series = Series()
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    series.observe("alpha", "GET /x", 0.1, 200)
    now = 1301.0
    assert series.summary("alpha")["requests"] == []


def test_memory_is_bounded():
    series = Series()
    for n in range(600):
        series.observe(f"org{n}", "GET /x", 0.1, 200)
        series.observe("org599", f"GET /{n}", 0.1, 200)
    for _ in range(1500):
        series.observe("org599", "GET /x", 0.1, 200)
    assert len(series._rings) <= 500
    assert len(series._rings["org599"]) <= 400
    assert series.summary("org599")["requests"][0]["count"] == 1000
