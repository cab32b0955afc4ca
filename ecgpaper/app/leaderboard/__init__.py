"""Leaderboard: how well pages are read, beside what is published of others.

Data flows one way::

    records -> pages -> hidden copies -> answers -> results -> figures -> tables, charts

`conditions` says which pages, `challenge` runs the Challenge's own scripts on them, `answers` keeps
a `PageResult` of each page, `figures` sums them up (with `fidelity`, `findings` and `boxes`), and
`tables` and `charts` show that beside `peers`. All that follows the answers is made of the results,
so that no page is digitized twice.
"""
