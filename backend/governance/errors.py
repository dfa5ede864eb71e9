"""What can go wrong with rules, proposals and votes."""

from __future__ import annotations

from backend.errors import Conflict, InputRefused, NotFound, Unauthorised


class RulesRefused(InputRefused):
    """The changed rules break a limit that the contract enforces, or change nothing."""

    code, title = "rules_refused", "Rules refused"
    advice = "See `meltingpot vote rules` for the rules in force and their names."


class NotEnoughVotes(Conflict):
    """The account has fewer votes than proposing or voting needs."""

    code, title = "not_enough_votes", "Not enough votes"


class ProposalNotFound(NotFound):
    """No proposal with this id is known."""

    code, title = "proposal_not_found", "Proposal not found"
    advice = "List them with `meltingpot vote list`."


class WrongMoment(Conflict):
    """The proposal is not in the state that the step needs."""

    code, title = "wrong_moment", "Not possible now"


class WrongBallot(Unauthorised):
    """The ballot's signature is not the voter's."""

    code, title = "wrong_ballot", "Wrong signature"
