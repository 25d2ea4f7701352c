"""A firm of two desks and two currencies, small enough to check every figure by hand."""

FIRM = {
    "accounts": """
account_id  kind   base_currency  desk  name  strategy
A1          house  USD            D1    One   momentum
A2          house  EUR            D2    Two   -
""",
    "people": """
person_id  name  desk
T1         Jane  D1
T2         Omar  D2
""",
    "instruments": """
instrument_id  symbol  name   asset_class  currency  sector
AAPL           AAPL    Apple  equity       USD       Tech
XETR:SAP       SAP     Sap    equity       EUR       -
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time        commission  arrival_px  venue
E1       O1        A1          T1         AAPL           buy   100       190.10   USD       2026-11-18T14:30:00  1.5         190         XNAS
E2       O2        A1          T1         AAPL           sell  40        191.10   USD       2026-11-19T14:30:00  1.5         191.2       XNAS
E3       O3        A2          T2         XETR:SAP       buy   10        200      EUR       2026-11-19T14:30:00  1.5         -           XETR
""",
    "order_events": """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  limit_px  order_qty  transact_time        last_qty
O1        1          new         AAPL           A1          T1         buy   190.10    100        2026-11-18T14:29:00  -
O1        2          fill        AAPL           A1          T1         buy   190.10    100        2026-11-18T14:30:00  100
O2        1          new         AAPL           A1          T1         sell  190.10    80         2026-11-19T14:29:30  -
O2        2          fill        AAPL           A1          T1         sell  190.10    80         2026-11-19T14:29:31  40
O2        3          cancel      AAPL           A1          T1         sell  190.10    80         2026-11-19T14:29:32  -
""",
    "prices": """
instrument_id  date        close  currency
AAPL           2026-11-18  190    USD
AAPL           2026-11-19  192    USD
AAPL           2026-11-20  193    USD
XETR:SAP       2026-11-19  201    EUR
""",
    "cash_flows": """
account_id  flow_id  date        kind     amount  currency
A1          F1       2026-11-18  deposit  100000  USD
A2          F2       2026-11-18  deposit  50000   EUR
""",
    "fx_rates": """
date        from_currency  to_currency  rate
2026-11-17  EUR            USD          1.1
2026-11-19  EUR            USD          1.2
""",
    "benchmarks": """
benchmark_id  date        level
SPX           2026-11-17  1000
SPX           2026-11-18  1010
SPX           2026-11-19  1010
SPX           2026-11-20  1020.1
""",
    "positions": """
account_id  instrument_id  date        source  quantity  currency
A1          AAPL           2026-11-20  broker  60        USD
A2          XETR:SAP       2026-11-20  broker  11        EUR
""",
}
