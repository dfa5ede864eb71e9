"""All tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "artist_payees",
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("payee", sa.String(length=42), nullable=False),
        sa.PrimaryKeyConstraint("artist", name=op.f("pk_artist_payees")),
    )
    op.create_table(
        "bond_claims",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_bond_claims")),
    )
    op.create_index(op.f("ix_bond_claims_account"), "bond_claims", ["account"], unique=False)
    op.create_table(
        "chain_blocks",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("parent_hash", sa.String(length=66), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", name=op.f("pk_chain_blocks")),
    )
    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("deployment_hash", sa.String(length=66), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )
    op.create_table(
        "chain_events",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_chain_events")),
    )
    op.create_index("ix_chain_events_name", "chain_events", ["contract", "event"], unique=False)
    op.create_index("ix_chain_events_order", "chain_events", ["block_number", "log_index"], unique=True)
    op.create_index(op.f("ix_chain_events_tx_hash"), "chain_events", ["tx_hash"], unique=False)
    op.create_table(
        "challenges",
        sa.Column("round_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("challenger", sa.String(length=42), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("evidence_digest", sa.String(length=66), nullable=False),
        sa.Column("bond", sa.String(length=78), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "challenge_id", name=op.f("pk_challenges")),
    )
    op.create_table(
        "claims",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("payee", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_account"), "claims", ["account"], unique=False)
    op.create_table(
        "collections",
        sa.Column("collection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("root", sa.String(length=66), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("metadata_digest", sa.String(length=66), nullable=False),
        sa.Column("consent", sa.Integer(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_collections")),
    )
    op.create_index(op.f("ix_collections_artist"), "collections", ["artist"], unique=False)
    op.create_table(
        "contributions",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("contributor", sa.String(length=42), nullable=False),
        sa.Column("holders", sa.String(length=78), nullable=False),
        sa.Column("learning", sa.String(length=78), nullable=False),
        sa.Column("platform", sa.String(length=78), nullable=False),
        sa.Column("network", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_contributions")),
    )
    op.create_table(
        "credit_periods",
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("artists_root", sa.String(length=66), nullable=False),
        sa.Column("artists_digest", sa.String(length=66), nullable=False),
        sa.Column("attributed", sa.String(length=78), nullable=False),
        sa.Column("claimed", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_credit_periods")),
    )
    op.create_table(
        "credits",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_credits")),
    )
    op.create_index(op.f("ix_credits_artist"), "credits", ["artist"], unique=False)
    op.create_index(op.f("ix_credits_order_id"), "credits", ["order_id"], unique=False)
    op.create_table(
        "deferred_refunds",
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_deferred_refunds")),
    )
    op.create_index(op.f("ix_deferred_refunds_buyer"), "deferred_refunds", ["buyer"], unique=False)
    op.create_table(
        "delegate_votes",
        sa.Column("delegate", sa.String(length=42), nullable=False),
        sa.Column("votes", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("delegate", name=op.f("pk_delegate_votes")),
    )
    op.create_table(
        "delegations",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("delegate", sa.String(length=42), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_delegations")),
    )
    op.create_index(op.f("ix_delegations_delegate"), "delegations", ["delegate"], unique=False)
    op.create_table(
        "disputes",
        sa.Column("dispute_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.String(length=66), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("claimant", sa.String(length=42), nullable=False),
        sa.Column("respondent", sa.String(length=42), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("evidence_digest", sa.String(length=66), nullable=False),
        sa.Column("answer_digest", sa.String(length=66), nullable=True),
        sa.Column("appeal_digest", sa.String(length=66), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("claimant_bond", sa.String(length=78), nullable=False),
        sa.Column("respondent_bond", sa.String(length=78), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_claimant"), "disputes", ["claimant"], unique=False)
    op.create_index(op.f("ix_disputes_content_hash"), "disputes", ["content_hash"], unique=False)
    op.create_index(op.f("ix_disputes_respondent"), "disputes", ["respondent"], unique=False)
    op.create_index(op.f("ix_disputes_state"), "disputes", ["state"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("output_hash", sa.String(length=66), nullable=False),
        sa.Column("output_digest", sa.String(length=66), nullable=False),
        sa.Column("attribution_digest", sa.String(length=66), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_order_id"), "deliveries", ["order_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=128), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("price", sa.String(length=78), nullable=False),
        sa.Column("max_price", sa.String(length=78), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("prompt_hash", sa.String(length=66), nullable=False),
        sa.Column("model_digest", sa.String(length=66), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.String(length=78), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("fulfilled_at", sa.BigInteger(), nullable=True),
        sa.Column("refunded_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("output_hash", sa.String(length=66), nullable=True),
        sa.Column("output_digest", sa.String(length=66), nullable=True),
        sa.Column("attribution_digest", sa.String(length=66), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("fulfilled_tx_hash", sa.String(length=66), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_block_number"), "orders", ["block_number"], unique=False)
    op.create_index(op.f("ix_orders_buyer"), "orders", ["buyer"], unique=False)
    op.create_index(op.f("ix_orders_prompt_hash"), "orders", ["prompt_hash"], unique=False)
    op.create_index(op.f("ix_orders_state"), "orders", ["state"], unique=False)
    op.create_table(
        "payees",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("platform", sa.String(length=42), nullable=False),
        sa.Column("network", sa.String(length=42), nullable=False),
        sa.Column("learning", sa.String(length=42), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_payees")),
    )
    op.create_table(
        "prepaid_balances",
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("spent", sa.String(length=78), nullable=False),
        sa.Column("announced", sa.String(length=78), nullable=False),
        sa.Column("available_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("buyer", name=op.f("pk_prepaid_balances")),
    )
    op.create_table(
        "prepaid_charges",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("spent", sa.String(length=78), nullable=False),
        sa.Column("orders_root", sa.String(length=66), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_prepaid_charges")),
    )
    op.create_index(op.f("ix_prepaid_charges_buyer"), "prepaid_charges", ["buyer"], unique=False)
    op.create_index(op.f("ix_prepaid_charges_tx_hash"), "prepaid_charges", ["tx_hash"], unique=False)
    op.create_table(
        "prepaid_deposits",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("payer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_prepaid_deposits")),
    )
    op.create_index(op.f("ix_prepaid_deposits_buyer"), "prepaid_deposits", ["buyer"], unique=False)
    op.create_table(
        "prepaid_withdrawals",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_prepaid_withdrawals")),
    )
    op.create_index(op.f("ix_prepaid_withdrawals_buyer"), "prepaid_withdrawals", ["buyer"], unique=False)
    op.create_table(
        "prompts",
        sa.Column("prompt_hash", sa.String(length=66), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("prompt_hash", name=op.f("pk_prompts")),
    )
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.String(length=78), nullable=False),
        sa.Column("proposer", sa.String(length=42), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("calldatas", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("vote_start", sa.BigInteger(), nullable=False),
        sa.Column("vote_end", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("eta", sa.BigInteger(), nullable=True),
        sa.Column("votes_for", sa.String(length=78), nullable=False),
        sa.Column("votes_against", sa.String(length=78), nullable=False),
        sa.Column("votes_abstain", sa.String(length=78), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_proposer"), "proposals", ["proposer"], unique=False)
    op.create_index(op.f("ix_proposals_state"), "proposals", ["state"], unique=False)
    op.create_table(
        "refund_claims",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_refund_claims")),
    )
    op.create_index(op.f("ix_refund_claims_buyer"), "refund_claims", ["buyer"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("buyer", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_buyer"), "refunds", ["buyer"], unique=False)
    op.create_table(
        "resolutions",
        sa.Column("resolution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text_digest", sa.String(length=66), nullable=False),
        sa.Column("proposal_id", sa.String(length=78), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resolution_id", name=op.f("pk_resolutions")),
    )
    op.create_index("ix_resolutions_proposal", "resolutions", ["proposal_id"], unique=False)
    op.create_table(
        "revenue_deposits",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("deposited_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_revenue_deposits")),
    )
    op.create_table(
        "rounds",
        sa.Column("round_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("proposer", sa.String(length=42), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("model_digest", sa.String(length=66), nullable=False),
        sa.Column("dataset_root", sa.String(length=66), nullable=False),
        sa.Column("report_digest", sa.String(length=66), nullable=False),
        sa.Column("allocations_root", sa.String(length=66), nullable=False),
        sa.Column("learning_root", sa.String(length=66), nullable=False),
        sa.Column("settings_hash", sa.String(length=66), nullable=False),
        sa.Column("seed", sa.String(length=78), nullable=False),
        sa.Column("bond", sa.String(length=78), nullable=False),
        sa.Column("challenge_ends_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("open_challenges", sa.Integer(), nullable=False),
        sa.Column("mint_budget", sa.String(length=78), nullable=True),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("finalised_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_rounds")),
    )
    op.create_index(op.f("ix_rounds_model_digest"), "rounds", ["model_digest"], unique=False)
    op.create_index(op.f("ix_rounds_state"), "rounds", ["state"], unique=False)
    op.create_table(
        "rules_versions",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False),
        sa.Column("artists_bps", sa.Integer(), nullable=False),
        sa.Column("holders_bps", sa.Integer(), nullable=False),
        sa.Column("platform_bps", sa.Integer(), nullable=False),
        sa.Column("network_bps", sa.Integer(), nullable=False),
        sa.Column("learning_bps", sa.Integer(), nullable=False),
        sa.Column("learning_mint_bps", sa.Integer(), nullable=False),
        sa.Column("max_credits", sa.Integer(), nullable=False),
        sa.Column("challenge_window", sa.BigInteger(), nullable=False),
        sa.Column("stream_period", sa.BigInteger(), nullable=False),
        sa.Column("max_order_window", sa.BigInteger(), nullable=False),
        sa.Column("mint_interval", sa.BigInteger(), nullable=False),
        sa.Column("price_per_generation", sa.String(length=78), nullable=False),
        sa.Column("proposal_bond", sa.String(length=78), nullable=False),
        sa.Column("challenge_bond", sa.String(length=78), nullable=False),
        sa.Column("mint_per_round", sa.String(length=78), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rules_versions")),
    )
    op.create_table(
        "sale_splits",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("attributed", sa.String(length=78), nullable=False),
        sa.Column("holders", sa.String(length=78), nullable=False),
        sa.Column("learning", sa.String(length=78), nullable=False),
        sa.Column("platform", sa.String(length=78), nullable=False),
        sa.Column("network", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_sale_splits")),
    )
    op.create_index(op.f("ix_sale_splits_order_id"), "sale_splits", ["order_id"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("settlement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("sales", sa.String(length=78), nullable=False),
        sa.Column("price", sa.String(length=78), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("receipts_root", sa.String(length=66), nullable=False),
        sa.Column("receipts_digest", sa.String(length=66), nullable=False),
        sa.Column("attributed", sa.String(length=78), nullable=False),
        sa.Column("artists_root", sa.String(length=66), nullable=False),
        sa.Column("artists_digest", sa.String(length=66), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlements")),
    )
    op.create_index(op.f("ix_settlements_period"), "settlements", ["period"], unique=False)
    op.create_table(
        "stake_balances",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("balance", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_stake_balances")),
    )
    op.create_table(
        "stake_claims",
        sa.Column("round_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "part", "account", name=op.f("pk_stake_claims")),
    )
    op.create_table(
        "tips",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("tipper", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_tips")),
    )
    op.create_index(op.f("ix_tips_artist"), "tips", ["artist"], unique=False)
    op.create_index(op.f("ix_tips_order_id"), "tips", ["order_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(length=78), nullable=False),
        sa.Column("order_id", sa.String(length=66), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=42), nullable=False),
        sa.Column("minted_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_order_id"), "tokens", ["order_id"], unique=False)
    op.create_index(op.f("ix_tokens_owner"), "tokens", ["owner"], unique=False)
    op.create_table(
        "votes",
        sa.Column("proposal_id", sa.String(length=78), nullable=False),
        sa.Column("voter", sa.String(length=42), nullable=False),
        sa.Column("support", sa.Integer(), nullable=False),
        sa.Column("weight", sa.String(length=78), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "voter", name=op.f("pk_votes")),
    )
    op.create_table(
        "work_changes",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=66), nullable=False),
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("metadata_digest", sa.String(length=66), nullable=False),
        sa.Column("consent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_work_changes")),
    )
    op.create_index(
        "ix_work_changes_work",
        "work_changes",
        ["content_hash", "block_number", "log_index"],
        unique=False,
    )
    op.create_table(
        "work_documents",
        sa.Column("content_hash", sa.String(length=66), nullable=False),
        sa.Column("metadata_digest", sa.String(length=66), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("artist_name", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_work_documents")),
    )
    op.create_index(op.f("ix_work_documents_artist_name"), "work_documents", ["artist_name"], unique=False)
    op.create_table(
        "works",
        sa.Column("content_hash", sa.String(length=66), nullable=False),
        sa.Column("artist", sa.String(length=42), nullable=False),
        sa.Column("ipfs_digest", sa.String(length=66), nullable=False),
        sa.Column("metadata_digest", sa.String(length=66), nullable=False),
        sa.Column("consent", sa.Integer(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("described_by", sa.String(length=42), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_works")),
    )
    op.create_index(op.f("ix_works_artist"), "works", ["artist"], unique=False)
    op.create_index(op.f("ix_works_block_number"), "works", ["block_number"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_works_block_number"), table_name="works")
    op.drop_index(op.f("ix_works_artist"), table_name="works")
    op.drop_table("works")
    op.drop_index(op.f("ix_work_documents_artist_name"), table_name="work_documents")
    op.drop_table("work_documents")
    op.drop_index("ix_work_changes_work", table_name="work_changes")
    op.drop_table("work_changes")
    op.drop_table("votes")
    op.drop_index(op.f("ix_tokens_owner"), table_name="tokens")
    op.drop_index(op.f("ix_tokens_order_id"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_index(op.f("ix_tips_order_id"), table_name="tips")
    op.drop_index(op.f("ix_tips_artist"), table_name="tips")
    op.drop_table("tips")
    op.drop_table("stake_claims")
    op.drop_table("stake_balances")
    op.drop_index(op.f("ix_settlements_period"), table_name="settlements")
    op.drop_table("settlements")
    op.drop_index(op.f("ix_sale_splits_order_id"), table_name="sale_splits")
    op.drop_table("sale_splits")
    op.drop_table("rules_versions")
    op.drop_index(op.f("ix_rounds_state"), table_name="rounds")
    op.drop_index(op.f("ix_rounds_model_digest"), table_name="rounds")
    op.drop_table("rounds")
    op.drop_table("revenue_deposits")
    op.drop_index("ix_resolutions_proposal", table_name="resolutions")
    op.drop_table("resolutions")
    op.drop_index(op.f("ix_refunds_buyer"), table_name="refunds")
    op.drop_table("refunds")
    op.drop_index(op.f("ix_refund_claims_buyer"), table_name="refund_claims")
    op.drop_table("refund_claims")
    op.drop_index(op.f("ix_proposals_state"), table_name="proposals")
    op.drop_index(op.f("ix_proposals_proposer"), table_name="proposals")
    op.drop_table("proposals")
    op.drop_table("prompts")
    op.drop_index(op.f("ix_prepaid_withdrawals_buyer"), table_name="prepaid_withdrawals")
    op.drop_table("prepaid_withdrawals")
    op.drop_index(op.f("ix_prepaid_deposits_buyer"), table_name="prepaid_deposits")
    op.drop_table("prepaid_deposits")
    op.drop_index(op.f("ix_prepaid_charges_tx_hash"), table_name="prepaid_charges")
    op.drop_index(op.f("ix_prepaid_charges_buyer"), table_name="prepaid_charges")
    op.drop_table("prepaid_charges")
    op.drop_table("prepaid_balances")
    op.drop_table("payees")
    op.drop_index(op.f("ix_orders_state"), table_name="orders")
    op.drop_index(op.f("ix_orders_prompt_hash"), table_name="orders")
    op.drop_index(op.f("ix_orders_buyer"), table_name="orders")
    op.drop_index(op.f("ix_orders_block_number"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_jobs_state"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(op.f("ix_deliveries_order_id"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_delegations_delegate"), table_name="delegations")
    op.drop_index(op.f("ix_disputes_state"), table_name="disputes")
    op.drop_index(op.f("ix_disputes_respondent"), table_name="disputes")
    op.drop_index(op.f("ix_disputes_content_hash"), table_name="disputes")
    op.drop_index(op.f("ix_disputes_claimant"), table_name="disputes")
    op.drop_table("disputes")
    op.drop_table("delegations")
    op.drop_table("delegate_votes")
    op.drop_index(op.f("ix_deferred_refunds_buyer"), table_name="deferred_refunds")
    op.drop_table("deferred_refunds")
    op.drop_index(op.f("ix_credits_order_id"), table_name="credits")
    op.drop_index(op.f("ix_credits_artist"), table_name="credits")
    op.drop_table("credits")
    op.drop_table("credit_periods")
    op.drop_table("contributions")
    op.drop_index(op.f("ix_collections_artist"), table_name="collections")
    op.drop_table("collections")
    op.drop_index(op.f("ix_claims_account"), table_name="claims")
    op.drop_table("claims")
    op.drop_table("challenges")
    op.drop_index(op.f("ix_chain_events_tx_hash"), table_name="chain_events")
    op.drop_index("ix_chain_events_order", table_name="chain_events")
    op.drop_index("ix_chain_events_name", table_name="chain_events")
    op.drop_table("chain_events")
    op.drop_table("chain_cursor")
    op.drop_table("chain_blocks")
    op.drop_index(op.f("ix_bond_claims_account"), table_name="bond_claims")
    op.drop_table("bond_claims")
    op.drop_table("artist_payees")
