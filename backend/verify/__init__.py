"""A stranger's recomputation of everything that was paid, from chain and IPFS alone."""
