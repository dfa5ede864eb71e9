"""One check: a sentence that holds or not, and the numbers behind it. What fails is a finding, no crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from backend.chain.client import RpcError
from backend.errors import ServiceUnavailable


@dataclass(frozen=True)
class Check:
    """`name` is what must hold; `detail` says what was compared, or where it broke."""

    name: str
    ok: bool
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Findings:
    """Collects checks; `compare` and `expect` are the only ways to add one."""

    def __init__(self, tell: Callable[[Check], None] | None = None):
        self.checks: list[Check] = []
        self._tell = tell

    def expect(self, name: str, ok: bool, detail: str = "") -> bool:
        """Add a check; returns whether it holds."""
        check = Check(name, bool(ok), detail)
        self.checks.append(check)
        if self._tell:
            self._tell(check)
        return check.ok

    def compare(self, name: str, computed: Any, published: Any, detail: str = "") -> bool:
        """Computed here against published there; both stand in the finding when they differ."""
        if computed == published:
            return self.expect(name, True, detail or _short(published))
        return self.expect(name, False, f"computed {_short(computed)}, published {_short(published)}")

    def none_of(self, name: str, problems: list[str], detail: str) -> bool:
        """Holds when `problems` is empty; else names the first few of them."""
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        return self.expect(name, not problems, shown or detail)

    def guard(self, name: str, work: Callable[[], None]) -> None:
        """Run a group of checks; a document that cannot be read or has the wrong form is a finding, not a
        crash.

        A service that does not answer, or a node that refuses a request, proves nothing about the data and
        goes on to the caller.
        """
        try:
            work()
        except (ServiceUnavailable, RpcError):
            raise
        except Exception as error:  # noqa: BLE001 - a published document may be wrong in any way
            self.expect(name, False, f"{type(error).__name__}: {error}")

    @property
    def failed(self) -> int:
        """How many do not hold."""
        return sum(not check.ok for check in self.checks)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
