"""Attribution methods of others, written from their papers' formulas, behind one small interface (task.py)."""

from model.attribution.peers import baselines  # noqa: F401  (each module enters its methods in PEERS)
