"""What the demo's job decides by itself: prompts from titles, and who votes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.demo.commands import _prompts
from backend.demo.job import PROMPTS, VOTERS, prompt_of, prompts_from, voters_for
from backend.demo.page import contributions_of, money_note, quality_note
from backend.errors import InputRefused
from backend.generations.prompts import MAX_PROMPT_BYTES, checked
from backend.verify.money import STATEMENT


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


def test_buyers_of_a_small_set_ask_for_each_title_once() -> None:
    assert prompts_from(["a", "b", "a", "c"]) == ["a", "b", "c"]
    assert prompts_from([str(number) for number in range(80)]) == [str(number) for number in range(0, 80, 80 // PROMPTS)]


def test_prompts_beside_a_manifest_are_read_before_anything_starts(tmp_path: Path) -> None:
    manifest = tmp_path / "MANIFEST.jsonl"
    manifest.write_text("{}")
    assert _prompts(manifest) == []
    beside = tmp_path / "PROMPTS.txt"
    beside.write_text("a boat\n\n a cat \n")
    assert _prompts(manifest) == ["a boat", "a cat"]
    for wrong in (b"\xff\xfe", b"x" * 1001):
        beside.write_bytes(wrong)
        with pytest.raises(InputRefused):
            _prompts(manifest)


def test_a_manifest_that_is_not_there_costs_no_minute(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "backend.cli", "demo", "--works", str(tmp_path / "none.jsonl"), "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "There is no file" in done.stderr and not (tmp_path / "data").exists()


def test_the_page_says_where_all_money_is() -> None:
    amounts = dict.fromkeys(STATEMENT, "0")
    plain = money_note(amounts | {"received": "1000000", "attributed": "1000000", "claimed": "1000000"})
    assert "carried" not in plain and "owed" not in plain and "1 dUSD to artists" in plain
    told = money_note(amounts | {"received": "1000000", "holders": "999998", "carry": "2", "owed": "999998"})
    assert "0.000002 dUSD could not be divided" in told and "0.999998 dUSD are still owed" in told


QUALITY = {"probes": 48, "retrains": 16, "lds": 3_000, "low": 1_000, "high": 5_000, "ceiling": 6_000, "w_bps": 5_000}


def test_the_page_says_how_good_attribution_is_and_how_that_was_measured() -> None:
    note = quality_note(QUALITY)
    assert "16 times" in note and "48 test pictures" in note and "at 0.30" in note and "0.60" in note
    assert "directs 50 %" in note
    assert "not safely more than chance" in quality_note(QUALITY | {"low": -100, "w_bps": 0})
    assert "fewer than three artists" in quality_note(QUALITY | {"retrains": 0, "w_bps": 0})


def test_the_page_says_what_each_artist_gave_and_how_sure_that_is() -> None:
    entry = {"artist": "0x1", "allocation": 124_000_000, "low": 80_000_000, "high": 201_000_000}
    assert contributions_of({"allocations": [entry]}) == {"0x1": "gave 12.4 % (95 %: 8.0 % to 20.1 %)"}
