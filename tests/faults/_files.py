"""Small and middle files for importers that die; every name says which victim wrote it."""

EXECUTIONS, EVENTS = 30, 2_500
HEAD = "exec_id,account_id,instrument_id,side,last_qty,last_px,currency,transact_time"


def executions(name):
    """A small file: 30 rows, one of them without a price."""
    rows = [
        f"{name}-{n},A1,I1,buy,{n + 1},{'' if n == 7 else 10},USD,2026-11-20T14:30:{n:02d}Z"
        for n in range(EXECUTIONS)
    ]
    return "\n".join([HEAD, *rows]) + "\n"


def order_events(name):
    """A middle file of one table."""
    rows = [
        f"{name}-{n},1,new,2026-{9 + n % 3:02d}-20T14:{n % 60:02d}:00Z,I1,A1,jane,buy,100,120"
        for n in range(EVENTS)
    ]
    head = "order_id,event_seq,event_type,transact_time,instrument_id,account_id,trader_id,side,order_qty,limit_px"
    return "\n".join([head, *rows]) + "\n"


def fix(name):
    """A log of orders and fills: two tables of one file."""
    said = []
    for n in range(20):
        pairs = [
            ("35", "8"), ("34", n + 1), ("49", "BROKER"), ("56", "US"), ("52", f"20261120-14:30:{n:02d}"),
            ("37", f"{name}-o{n}"), ("11", f"{name}-c{n}"), ("17", f"{name}-x{n}"), ("20", 0), ("150", "2"), ("39", "2"),
            ("1", "A1"), ("55", "I1"), ("54", "1"), ("38", 10), ("32", 10), ("31", 5), ("151", 0), ("14", 10), ("6", 5),
            ("15", "USD"), ("60", f"20261120-14:30:{n:02d}"),
        ]  # fmt: skip
        body = "".join(f"{tag}={value}\x01" for tag, value in pairs)
        text = f"8=FIX.4.2\x019={len(body)}\x01{body}"
        said.append(f"{text}10={sum(text.encode()) % 256:03d}\x01")
    return "\n".join(said) + "\n"


def posts(name):
    """A file of another subject."""
    rows = [f"{name}-{n},2026-11-20T13:00:{n:02d}Z,jane,steady as she goes {n},I1" for n in range(40)]
    return "\n".join(["post_id,transact_time,author_id,text,instrument_ids", *rows]) + "\n"


# kind: content, data set, format
KINDS = {
    "executions": (executions, "executions", "csv"),
    "events": (order_events, "order_events", "csv"),
    "fix": (fix, None, "fix"),
    "posts": (posts, "posts", "csv"),
}
