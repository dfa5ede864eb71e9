"""What the demo's job decides by itself: prompts from titles, and who votes."""

from __future__ import annotations

from backend.demo.job import VOTERS, prompt_of, voters_for
from backend.generations.prompts import MAX_PROMPT_BYTES, checked


def test_the_longest_title_becomes_a_prompt() -> None:
    assert checked(prompt_of("😀" * 300)) == "😀" * (MAX_PROMPT_BYTES // 4)
    assert prompt_of("smiling face") == "smiling face"


def test_the_largest_holders_vote() -> None:
    balances = {f"artist {number}": number for number in range(1, 21)}
    assert voters_for(balances, 21) == [f"artist {number}" for number in range(20, 20 - VOTERS, -1)]
    assert voters_for({"only": 7}, 1) == ["only"]


def test_where_stake_is_spread_thin_all_but_the_last_voter_carry_the_quorum() -> None:
    voters = voters_for(dict.fromkeys(map(str, range(130)), 730), 10_001)
    assert 730 * (len(voters) - 1) >= 10_001 > 730 * (len(voters) - 2)
