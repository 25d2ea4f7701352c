"""What the rail offers a role opens for it.

Two more roles are walked in ``test_every_page``, the trader in ``test_doors``.
"""

import pytest

from tests.journeys._visit import walk

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("role", ["portfolio_manager", "auditor", "admin"])
def test_every_entry_of_a_roles_rail_opens_for_it(visit, role):
    window = visit(role)
    window.go("/")
    # An auditor sees compliance's pages without what changes anything; the others he has in common with risk.
    own = [path for path in window.nav() if role != "auditor" or path.startswith("/compliance")]
    assert walk(window, own) == {}
