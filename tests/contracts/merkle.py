"""OpenZeppelin's StandardMerkleTree in a few lines, independent of the backend's: sorted leaves, a heap."""

from eth_utils import keccak


def _pair(a: bytes, b: bytes) -> bytes:
    return keccak(min(a, b) + max(a, b))


class Tree:
    """A tree over leaf hashes; `root` and `proof(leaf)`."""

    def __init__(self, leaves: list[bytes]) -> None:
        ordered = sorted(leaves)
        size = 2 * len(ordered) - 1
        self._nodes = [b""] * size
        for i, leaf in enumerate(ordered):
            self._nodes[size - 1 - i] = leaf
        for i in range(size - 1 - len(ordered), -1, -1):
            self._nodes[i] = _pair(self._nodes[2 * i + 1], self._nodes[2 * i + 2])

    @property
    def root(self) -> bytes:
        return self._nodes[0]

    def proof(self, leaf: bytes) -> list[bytes]:
        i, path = self._nodes.index(leaf), []
        while i > 0:
            path.append(self._nodes[i + 1 if i % 2 else i - 1])
            i = (i - 1) // 2
        return path
