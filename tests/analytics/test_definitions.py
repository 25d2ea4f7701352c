"""Definitions are what the functions' own docstrings say."""

import numpy as np
import pytest

from analytics.definitions import declared, declares, definition, read, title
from analytics.portfolio.performance_table import performance_table


def test_every_measure_of_the_performance_table_is_declared_by_its_function():
    names = {row["name"] for row in performance_table(np.zeros(3), benchmark=np.zeros(3))}
    assert names <= set(declared())


def test_every_declared_measure_says_what_it_is():
    silent = [name for name in declared() if not (found := definition(name)) or len(found.formula) < 10]
    assert silent == []


def test_a_docstring_is_sorted_into_formula_unit_absence_source_and_checks():
    found = definition("treynor_ratio")
    assert found.title == "Treynor ratio"
    assert found.formula == "(annualised return - annualised rf) / beta."
    assert found.unit == "fraction a year per unit of beta"
    assert found.undefined == "None below a year, or with a beta of 0 or none."
    assert found.source == "Bacon, 2nd ed., 4.3."
    assert found.checks.startswith("Checked against PerformanceAnalytics")


def test_parameters_are_those_of_the_function():
    found = definition("sharpe_ratio")
    assert found.formula == "mean(r - rf) / sd(r - rf) x sqrt(periods): arithmetic, ddof 1."
    assert found.parameters["risk_free"] == "Return without risk per period (not per year)."
    assert found.undefined == "None below 2 returns or without spread."


def test_a_source_that_points_to_another_function_is_followed():
    assert definition("probabilistic_sharpe_ratio").source.startswith("Bailey and Lopez de Prado")


def test_an_undeclared_measure_has_no_definition():
    assert definition("luck") is None


def test_names_read_as_people_write_them():
    assert [title(n) for n in ("var_99_1d", "sharpe_ratio_lo", "m2")] == [
        "VaR 99 1d",
        "Sharpe ratio (Lo)",
        "M2",
    ]


def test_a_function_without_words_has_an_empty_definition():
    @declares("silent")
    def silent() -> float:
        return 0.0

    assert read("silent", silent).formula == ""


def test_two_functions_may_not_declare_the_same_measure(monkeypatch):
    from analytics.portfolio import returns

    @declares("beta")
    def other() -> float:
        """Return something else."""
        return 1.0

    other.__module__ = returns.__name__
    monkeypatch.setattr(returns, "other", other, raising=False)
    with pytest.raises(ValueError, match="'beta' is declared by"):
        declared.__wrapped__()
