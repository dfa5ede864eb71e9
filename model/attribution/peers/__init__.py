"""Attribution methods of others, written from their papers, behind one small interface (task.py)."""

# Each module enters its methods in PEERS.
from model.attribution.peers import baselines, das, tracin, trak  # noqa: F401
