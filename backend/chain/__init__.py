"""The chain: client, contracts, transactions, and the indexer that turns events into tables."""
