"""The whole product on one machine: chain, IPFS node, API, indexer and worker as child processes on loopback."""
