"""The contracts on the chain are what the source here compiles to: what they answer is worth no more than
their code.
"""

from __future__ import annotations

from backend.chain.contracts import NAMES
from backend.verify.checks import Findings
from backend.verify.facts import Facts

PUSH32, WORD = 0x7F, 32
OTHERS = ("SettlementToken",)  # not ours: on a real chain the deployment's own choice, of other source


def check_code(facts: Facts, findings: Findings) -> None:
    """Code at every address of the deployment file against the compiled source (`make compile`)."""
    contracts, problems = facts.ctx.contracts, []
    ours = [name for name in NAMES if name not in OTHERS]
    for name in ours:
        told = facts.ctx.client.rpc("eth_getCode", contracts.addresses[name], hex(facts.head))
        found = bytes.fromhex(told.removeprefix("0x"))
        if not same_code(contracts.compiled_code(name), found):
            problems.append(f"{name} at {contracts.addresses[name]} has other code ({len(found)} bytes)")
    findings.none_of(
        "The contracts' code is what the source here compiles to", problems, f"{len(ours)} contracts"
    )


def same_code(compiled: bytes, found: bytes) -> bool:
    """Equal but for immutables: the compiler leaves 32 zero bytes behind a PUSH32, the constructor fills them.

    The wiring check reads those that hold addresses.
    """
    if len(compiled) != len(found):
        return False
    position = 0
    while position < len(compiled):
        word = slice(position + 1, position + 1 + WORD)
        if compiled[position] == found[position] == PUSH32 and compiled[word] == bytes(WORD):
            position += 1 + WORD
        elif compiled[position] != found[position]:
            return False
        else:
            position += 1
    return True
