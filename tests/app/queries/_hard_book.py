"""A book with everything that is hard to keep: shorts, flips, a split, dividends, a bust, two currencies."""

HARD = {
    "accounts": """
account_id  kind   base_currency  desk  name  strategy
A1          house  USD            D1    One   momentum
A2          house  EUR            D2    Two   hedged
""",
    "people": """
person_id  name  desk
T1         Jane  D1
T2         Omar  D2
""",
    "instruments": """
instrument_id  valid_from  symbol  name    asset_class  currency  multiplier
X              2020-01-01  XXX     Exs     equity       USD       1
Y              2020-01-01  YYY     Whys    equity       EUR       1
F              2020-01-01  FFF     Future  future       USD       50
N              2020-01-01  NNN     None    equity       USD       1
""",
    # X: bought in three lots, split, sold through nought, bought back. Y: short, covered, traded for two
    # accounts. F: a future of 50. E9 is busted a day after its day closed, E5 corrected.
    "executions": """
exec_id  version  exec_status  exec_ref_id  account_id  trader_id  instrument_id  side        last_qty  last_px  currency  commission  fees  transact_time        venue
E1       1        new          -            A1          T1         X              buy         100       10       USD       1           0.5   2026-11-16T15:00:00  XNAS
E2       1        new          -            A1          T1         X              buy         50        12       USD       1           -     2026-11-16T16:00:00  XNYS
E3       1        new          -            A1          T2         X              sell        30        13       USD       1           -     2026-11-17T15:00:00  XNAS
E4       1        new          -            A1          T1         X              buy         40        13.5     USD       1           -     2026-11-17T15:30:00  XNAS
E5       1        new          -            A1          T1         X              sell        400       7        USD       2           -     2026-11-18T15:00:00  XNYS
E5       2        corrected    E5           A1          T1         X              sell        420       7        USD       2           -     2026-11-18T15:00:00  XNYS
E6       1        new          -            A1          T1         X              buy_cover   150       6.5      USD       1           -     2026-11-19T15:00:00  XNAS
E7       1        new          -            A2          T2         Y              sell_short  20        50       EUR       3           -     2026-11-16T10:00:00  XETR
E8       1        new          -            A2          T2         Y              buy         35        48.3     EUR       3           -     2026-11-18T10:00:00  XETR
E9       1        new          -            A1          T2         X              buy         999       11       USD       9           -     2026-11-17T19:00:00  XNAS
E9       2        busted       E9           A1          T2         X              buy         999       11       USD       9           -     2026-11-17T19:00:00  XNAS
E10      1        new          -            A1          T1         F              buy         3         100.25   USD       1           -     2026-11-16T15:00:00  XCME
E11      1        new          -            A1          T1         F              sell        5         101      USD       1           -     2026-11-19T15:00:00  XCME
E12      1        new          -            A1          T1         Y              buy         10        49       EUR       1           -     2026-11-17T10:00:00  XETR
E13      1        new          -            A1          T1         Y              sell        4         52       EUR       1           -     2026-11-19T10:00:00  XETR
E14      1        new          -            A1          T2         N              buy         5         3        USD       1           -     2026-11-19T10:00:00  XNAS
E15      1        new          -            A1          T2         N              sell        5         4        USD       1           -     2026-11-19T11:00:00  XNYS
""",
    "prices": """
instrument_id  date        close   currency
X              2026-11-16  11      USD
X              2026-11-17  14      USD
X              2026-11-18  6.9     USD
X              2026-11-19  6.6     USD
X              2026-11-20  6.8     USD
Y              2026-11-16  49.5    EUR
Y              2026-11-17  49.1    EUR
Y              2026-11-18  48      EUR
Y              2026-11-19  52.2    EUR
Y              2026-11-20  51      EUR
F              2026-11-16  100.5   USD
F              2026-11-17  100.75  USD
F              2026-11-18  99      USD
F              2026-11-19  101.5   USD
F              2026-11-20  102     USD
""",
    "corporate_actions": """
instrument_id  ca_id  kind   ex_date     ratio
X              S1     split  2026-11-18  2
""",
    "cash_flows": """
account_id  flow_id  date        kind         amount   currency  instrument_id
A1          F1       2026-11-16  deposit      100000   USD       -
A1          F2       2026-11-17  deposit      20000    EUR       -
A2          F3       2026-11-16  deposit      50000    EUR       -
A1          F4       2026-11-18  dividend     14.25    USD       X
A1          F5       2026-11-18  withholding  -2.14    USD       X
A1          F6       2026-11-19  fee          -25      USD       -
A1          F7       2026-11-19  interest     3.21     EUR       -
A2          F8       2026-11-17  dividend     -11      EUR       Y
A2          F9       2026-11-20  withdrawal   -1000    EUR       -
A2          F10      2026-11-14  interest     1        EUR       -
""",
    "fx_rates": """
date        from_currency  to_currency  rate
2026-11-16  EUR            USD          1.10
2026-11-17  EUR            USD          1.12
2026-11-18  EUR            USD          1.09
2026-11-19  EUR            USD          1.15
2026-11-20  EUR            USD          1.14
""",
}
