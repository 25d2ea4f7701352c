"""What a period's P&L is made of, and whether two ways to count it agree."""

from analytics.definitions import declares


@declares("unrealised_change", "net_pnl", "income", "costs")
def unrealised_change(*, net: float, realised: float, income: float, costs: float) -> float:
    """Return the part of net P&L that nothing was sold for.

    ``net_pnl`` = realised + unrealised change + income - costs, of holdings and trades; interest and fees of the
    account as a whole are not in it. ``unrealised_change`` = net P&L - realised - income + costs: how far the
    value of what is held moved away from its cost, currency effect included. ``income`` = dividends, interest and
    accrued interest of holdings. ``costs`` = commission, fees and taxes; positive = cost.

    Args:
        net: P&L after costs.
        realised: Of what was closed, by the cost method of the organisation, before costs.
        income: Of holdings.
        costs: Positive = cost.
    """
    return net - realised - income + costs


@declares("book_adds_up")
def share_that_holds(*, holds: int, checked: int) -> float | None:
    """Return the share of position days on which both ways to count P&L agree to the cent.

    realised + unrealised change + income - fees = change of cash and market value - external flows, the left side
    from the derived book, the right side counted anew from executions and cash flows. Unit: fraction. None where
    no day could be checked.
    """
    return holds / checked if checked else None
