"""What the contracts' errors mean to a person: name → (what happened, what to do).

Names in braces are the error's arguments. Errors that no user can cause are left out: they are shown by their
name. Amounts are in the smallest unit, times in seconds of the chain's clock.
"""

_SIGN_AGAIN = "Sign again."

SENTENCES: dict[str, tuple[str, str]] = {
    # works
    "AlreadyRegistered": (
        "The work {contentHash} is registered already, by {artist}.",
        "Register another file; the first registration of a file counts.",
    ),
    "EmptyHash": ("A hash or a root is zero.", "Compute it from the file and try again."),
    "UnknownConsent": (
        "Consent {consent} has bits that mean nothing; {known} is the highest.",
        "Use 1 to consent, 0 not to.",
    ),
    "NotArtist": ("The work {contentHash} belongs to {artist}, not to {caller}.", "Use the artist's wallet."),
    "SignatureExpired": ("The signature counted until {deadline}; now it is {now_}.", _SIGN_AGAIN),
    "BadSignature": (
        "The signature is not by {artist} over these works.",
        "Sign again: the artist's nonce may have moved on.",
    ),
    "UnknownCollection": ("There is no collection {collectionId}; there are {count}.", ""),
    "NotCollectionArtist": (
        "The collection {collectionId} belongs to {artist}, not to {caller}.",
        "Use the artist's wallet.",
    ),
    "NotInCollection": (
        "The proof does not lead the work {contentHash} to collection {collectionId}.",
        "Make the proof anew from the collection's works.",
    ),
    "RevokedWork": (
        "The work {contentHash} was revoked by a dispute: consent cannot be given for it.",
        "Name the other works only.",
    ),
    "LengthsDiffer": (
        "There are {contentHashes} works and {metadataDigests} metadata digests.",
        "Give one digest for each work.",
    ),
    # disputes
    "UnknownWork": (
        "No work {contentHash} is registered.",
        "Check the hash; a work of a collection has to be proven first.",
    ),
    "RevokedAlready": ("The work {contentHash} is revoked already.", "Nothing is left to revoke."),
    "EmptyEvidence": ("No evidence is named.", "Publish the evidence on IPFS and name its CID."),
    "NotInState": (
        "Dispute {disputeId} is in state {state}, which does not allow this.",
        "Look at its state: somebody may have been faster.",
    ),
    "NotRespondent": (
        "Dispute {disputeId} is against {respondent}, not {caller}.",
        "Use the respondent's wallet.",
    ),
    "NotLoser": (
        "The ruling on dispute {disputeId} went against {loser}, not {caller}.",
        "Only who lost can appeal.",
    ),
    "TooLate": ("This was possible until {until} in dispute {disputeId}; now it is {now_}.", ""),
    "TooEarly": (
        "This is possible after {until} in dispute {disputeId}; now it is {now_}.",
        "Wait until then.",
    ),
    # rounds
    "UnexpectedRound": (
        "The next round is {next}, not {expected}.",
        "Another round was proposed meanwhile: make the report's leaves anew with the new number.",
    ),
    "RoundTooSoon": (
        "The rules let the next round be proposed from {earliest} on; now it is {now_}.",
        "Propose it after that.",
    ),
    "SameRoots": (
        "Artists and learning contributors have the same leaves, with the root {root}.",
        "Measure again: each of them could be claimed twice.",
    ),
    "ChallengesOpen": (
        "{count} challenges of round {roundId} are open.",
        "Wait until they are decided, or let them lapse.",
    ),
    "ChallengeNotOpen": (
        "Challenge {challengeId} of round {roundId} is in state {state}, not open.",
        "Look at the round's challenges.",
    ),
    "EmptyProposal": ("A digest or root of the proposal is zero.", "Publish model and report first."),
    "AnswerTooLate": (
        "The challenge could be decided until {answerBy}; now it is {now_}.",
        "Anybody may now call `lapse`, which gives each side its bond back.",
    ),
    "AnswerStillDue": (
        "The challenge may be decided until {answerBy}; now it is {now_}.",
        "Wait for the decision, or call `lapse` after that time.",
    ),
    "WindowClosed": ("The challenge window ended at {endedAt}; now it is {now_}.", ""),
    "WindowOpen": (
        "The challenge window is open until {endsAt}; now it is {now_}.",
        "Finalise after the window.",
    ),
    "BondTooSmall": (
        "The token delivered {received} of the bond of {bond}.",
        "Have the whole bond and approve it.",
    ),
    "AlreadyClaimed": ("{account} has claimed round {roundId} already.", ""),
    "NotAllocated": (
        "The proof does not lead {amount} for {account} to round {roundId}.",
        "Take amount and proof from the round's report.",
    ),
    "MintBudgetExceeded": (
        "The round has {left} stake left to mint; {asked} were asked for.",
        "Check the round's allocations against its report.",
    ),
    "HolderRefused": ("{account} may not hold stake.", "Use a wallet, not a contract of the platform."),
    # orders
    "NotBuyer": (
        "The order is of {buyer}, not of {caller}.",
        "Send it from the buyer's wallet, or with their signature.",
    ),
    "BadOrderSignature": ("The signature is not {buyer}'s over order {orderId}.", _SIGN_AGAIN),
    "StaleRules": (
        "The order was signed under rules version {version}; version {current} is in force.",
        "Ask for a new quote and sign it.",
    ),
    "PriceAboveMax": (
        "The price is {price}, more than the order's maximum of {maxPrice}.",
        "Ask for a new quote and sign it.",
    ),
    "QuantityRefused": (
        "{quantity} generations were named; 1 to {most} are possible.",
        "Order or deliver so many.",
    ),
    "DeadlineOutOfRange": (
        "The deadline {deadline} is not between {now_} and {latest}.",
        "Ask for a new quote and sign it.",
    ),
    "DeadlinePassed": (
        "The order's deadline {deadline} has passed; now it is {now_}.",
        "It can be refunded.",
    ),
    "DeadlineNotPassed": (
        "The order can be delivered until {deadline}; now it is {now_}.",
        "Refund it after the deadline.",
    ),
    "PaidTooLittle": (
        "The token delivered {received}, less than was to be paid.",
        "Pay in a token without fees on transfer.",
    ),
    "EmptyOutput": ("The fulfilment of {orderId} names no output.", ""),
    "TooManyCredits": ("{count} artists are credited; the rules allow {most}.", "Credit fewer artists."),
    "CreditRefused": (
        "{amount} cannot be credited to {artist}.",
        "Credit wallets only, each with more than 0.",
    ),
    "CreditsExceedShare": (
        "{credited} is credited to artists; their share is {ceiling}.",
        "Lower the credits.",
    ),
    "WrongState": (
        "This is in state {state}; it would have to be in state {wanted}.",
        "Somebody may have been faster: look at its state.",
    ),
    "CreditsMismatch": (
        "{given} credits were sent, the deliveries name {used}.",
        "Send each delivery's credits in the order of the deliveries.",
    ),
    "PayeeRefused": ("{payee} cannot be paid.", "Name a wallet, not a contract of the platform."),
    # prepaid sales and tokens
    "NewDepositsPaused": ("New deposits are paused.", "Try later; withdrawals and claims go on."),
    "NotOperator": ("{caller} is not the market's operator.", "Use the operator's wallet."),
    "NothingToCharge": (
        "All that the voucher of {buyer} pays for is settled already.",
        "Leave it out of the settlement.",
    ),
    "VoucherExpired": (
        "The voucher of {buyer} counted until {deadline}; now it is {now_}.",
        "Have the buyer sign a new one.",
    ),
    "VoucherGap": (
        "The voucher of {buyer} counts from {from}, but {spent} is settled.",
        "Settle the buyer's earlier vouchers first.",
    ),
    "BadVoucher": ("The signature of the voucher is not {buyer}'s.", _SIGN_AGAIN),
    "BalanceTooLow": (
        "{buyer} has prepaid {balance}, the voucher charges {charge}.",
        "Have the buyer add to it.",
    ),
    "NotWholeGenerations": (
        "The charge of {charge} to {buyer} is no multiple of the price of {unitPrice}.",
        "Have the buyer sign for whole generations under these rules.",
    ),
    "EmptySettlement": (
        "The settlement charges nobody, or lacks a root or a digest.",
        "Publish receipts and credits first.",
    ),
    "WithdrawalRefused": (
        "{amount} is more than the balance of {balance}.",
        "Announce the balance or less.",
    ),
    "WithdrawalNotAvailable": (
        "No withdrawal of {buyer} is available before {availableFrom} (0: none announced); now it is {now_}.",
        "Announce it, then wait a day.",
    ),
    "NotCredited": (
        "The proof does not lead {amount} for {artist} to period {period}.",
        "Take amount and proof from the period's latest file.",
    ),
    "PeriodOverdrawn": (
        "Period {period} has {left} left; {asked} were asked for.",
        "Check the artists' file against the receipts: somebody may have been credited too much.",
    ),
    "NotDelivered": (
        "These are not the deliveries of order {orderId}.",
        "Take all of them from its receipt, in their order.",
    ),
    "NoSuchOutput": ("There is no delivery {index}; there are {count}.", "Count from 0."),
    "EnforcedPause": ("New orders are paused.", "Try later; fulfilments, refunds and claims go on."),
    # rules
    "UnknownVersion": (
        "There is no version {version} of the rules; the latest is {latest}.",
        "Use a version that exists.",
    ),
    "VersionWaiting": (
        "Version {version} waits to come into force at {effectiveFrom}.",
        "Adopt the next version after that.",
    ),
    "SharesSum": (
        "The shares sum to {sumBps} bps, not to {wantedBps}.",
        "Make the five shares sum to 10,000.",
    ),
    "OutOfBounds": (
        "{field} of {value} is not between {least} and {most}.",
        "Choose a value within the limits.",
    ),
    # tokens (ERC-20, ERC-2612, ERC-3009)
    "ERC20InsufficientBalance": (
        "{sender} has {balance} of the token; {needed} are needed.",
        "Get more of the token first.",
    ),
    "ERC20InsufficientAllowance": (
        "{spender} may spend {allowance}; {needed} are needed.",
        "Approve the amount first.",
    ),
    "SafeERC20FailedOperation": ("The token {token} refused the transfer.", "Check balance and approval."),
    "ERC2612ExpiredSignature": ("The permit counted until {deadline}.", "Sign a new permit."),
    "ERC2612InvalidSigner": (
        "The permit was signed by {signer}, not by {owner}.",
        "Sign with the owner's wallet.",
    ),
    "ERC3009UsedAuthorization": (
        "The authorization {nonce} of {authorizer} was used already.",
        "An order is paid once only.",
    ),
    "ERC3009InvalidSignature": ("The authorization's signature is not the payer's.", _SIGN_AGAIN),
    "ERC3009InvalidAuthorizationTime": (
        "The authorization counts from {validAfter} to {validBefore} only.",
        _SIGN_AGAIN,
    ),
    "InvalidAccountNonce": (
        "{account} has nonce {currentNonce}: this signature is out of turn.",
        _SIGN_AGAIN,
    ),
    # access
    "AccessControlUnauthorizedAccount": (
        "{account} lacks the role {neededRole}.",
        "Use the wallet that has the role.",
    ),
    "OwnableUnauthorizedAccount": (
        "{account} is not the owner: only the timelock may do this.",
        "Propose it to the governor.",
    ),
    # governance
    "GovernorUnexpectedProposalState": (
        "Proposal {proposalId} is in state {current}, which does not allow this.",
        "Look at its dates: voting, queue and timelock each take their time.",
    ),
    "GovernorUnableToCancel": (
        "{account} cannot cancel proposal {proposalId}.",
        "Its proposer can before the vote, the guardian unless it removes guardians.",
    ),
    "NotPassed": ("Proposal {proposalId}, in state {state}, adopts nothing.", "Execute it when it passed."),
    "AlreadyAdopted": (
        "Proposal {proposalId} adopted resolution {resolutionId} already.",
        "A text is adopted by a proposal of its own.",
    ),
    "GovernorNonexistentProposal": (
        "There is no proposal {proposalId}.",
        "Check targets, calls and description.",
    ),
    "GovernorInsufficientProposerVotes": (
        "{proposer} has {votes} votes; a proposal needs {threshold}.",
        "Gather delegated votes first.",
    ),
    "GovernorAlreadyCastVote": ("{voter} has voted on this proposal already.", "A vote cannot be changed."),
    "GovernorInvalidVoteType": ("There is no such choice.", "Vote against (0), for (1) or abstain (2)."),
    "GovernorInvalidSignature": ("The vote's signature is not {voter}'s.", _SIGN_AGAIN),
    "TimelockUnexpectedOperationState": (
        "The timelock does not allow this yet, or no more.",
        "Wait for the proposal's date.",
    ),
}
