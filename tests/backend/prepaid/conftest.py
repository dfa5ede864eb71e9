"""The world of the sales tests."""

from tests.backend.sales_world import world  # noqa: F401
