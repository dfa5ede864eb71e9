"""What can go wrong with prepaid sales, each with the next step for a person."""

from __future__ import annotations

from backend.errors import Conflict, InputRefused, NotFound


class VoucherRefused(InputRefused):
    """The voucher is not what its buyer signed, or does not fit its orders."""

    code, title = "voucher_refused", "Voucher refused"
    advice = "Have the buyer sign a new one: `meltingpot prepaid voucher`."


class SettlementRefused(Conflict):
    """Vouchers, receipts and credits do not fit together."""

    code, title = "settlement_refused", "Settlement refused"


class BalanceTooSmall(Conflict):
    """The buyer has prepaid less than the voucher is for."""

    code, title = "balance_too_small", "Prepaid balance too small"
    advice = "Add to it: `meltingpot prepaid deposit`."


class NothingPrepaid(NotFound):
    """There are no such credits, or no withdrawal is announced."""

    code, title = "nothing_prepaid", "Nothing there"
