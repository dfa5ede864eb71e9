"""What can go wrong with content-addressed storage. The general ones live in `backend/errors.py`."""

from __future__ import annotations

from backend.errors import CidMismatch, InputRefused, IpfsUnavailable, MeltingPotError, NotFound, TooLarge

__all__ = [
    "CidMismatch",
    "InvalidCid",
    "InvalidDocument",
    "IpfsRefused",
    "IpfsUnavailable",
    "NotOnIpfs",
    "TooLarge",
    "UnreadableDirectory",
]


class InvalidCid(InputRefused):
    """A text that is no CID, or a CID of a kind that this project does not use."""

    code, title = "invalid_cid", "Invalid CID"
    advice = "Give a CID such as bafybeigdyr… or QmYwAPJ… (sha2-256, dag-pb)."

    def __init__(self, cid: object, reason: str) -> None:
        super().__init__(f"{str(cid)[:120]!r} is no usable CID: {reason}.", cid=str(cid)[:120])


class NotOnIpfs(NotFound):
    """No reachable node has the content."""

    code, title = "not_on_ipfs", "Not on IPFS"
    advice = "Ask whoever published it to keep it pinned, or set MELTINGPOT_IPFS_API to a node that has it."


class IpfsRefused(MeltingPotError):
    """The node answered with an error that is not about missing content."""

    code, title, status, exit_code = "ipfs_refused", "The IPFS node refused", 502, 4
    advice = "Look into the log of the IPFS node that MELTINGPOT_IPFS_API names."


class InvalidDocument(InputRefused):
    """Content that should be a JSON document of a known schema, and is not."""

    code, title = "invalid_document", "Invalid document"


class UnreadableDirectory(InputRefused):
    """A local directory that cannot be added, or a target that cannot be written to."""

    code, title = "unreadable_directory", "Directory refused"
