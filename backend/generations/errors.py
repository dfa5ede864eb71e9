"""What can go wrong with an order, each with the next step for a person."""

from __future__ import annotations

from backend.errors import Conflict, InputRefused, NotFound, Unauthorised


class PromptRefused(InputRefused):
    """Empty, too long, or not the prompt that the order names."""

    code, title = "prompt_refused", "Prompt refused"


class DeadlineRefused(InputRefused):
    """A deadline in the past, or later than the rules allow."""

    code, title = "deadline_refused", "Deadline refused"


class QuantityRefused(InputRefused):
    """Fewer than one or more generations than one order may ask for."""

    code, title = "quantity_refused", "Quantity refused"


class NoModelYet(Conflict):
    """No round is finalised, so there is no model version to order from."""

    code, title = "no_model_yet", "No model version yet"
    advice = "Finalise a training round first: `meltingpot round finalise`."


class OrderNotFound(NotFound):
    """No order with this id is known."""

    code, title = "order_not_found", "Order not found"
    advice = "Check the id; an order that was paid a moment ago appears once the indexer has seen its block."


class NotRefundable(Conflict):
    """The order is not waiting, or its deadline has not passed."""

    code, title = "not_refundable", "Not refundable"


class NotDeliveredYet(Conflict):
    """The order has no such delivery."""

    code, title = "not_delivered_yet", "Not delivered yet"
    advice = "See its receipt: `meltingpot order show ID`."


class WrongSignature(Unauthorised):
    """The signature was not made by the order's buyer over these values."""

    code, title = "wrong_signature", "Wrong signature"
    advice = "Sign exactly the typed data that the quote returned, with the buyer's wallet, on this chain."


class BuyerCannotPay(Conflict):
    """The buyer holds less of the settlement token than the price."""

    code, title, status = "buyer_cannot_pay", "Buyer cannot pay", 402


class AttributionRefused(Conflict):
    """The index, the report and the output of a generation do not fit together."""

    code, title = "attribution_refused", "Attribution refused"
