"""`python -m backend.migrations upgrade | downgrade REVISION | revision -m MESSAGE` on the database of the
settings."""

from __future__ import annotations

import click
from alembic import command

from backend import migrations
from backend.config import get_settings
from backend.database import make_engine


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
def upgrade() -> None:
    """Brings the database to the newest revision."""
    migrations.upgrade(make_engine(get_settings().database_url))


@main.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Takes the database back to REVISION (`base`: empty)."""
    migrations.downgrade(make_engine(get_settings().database_url), revision)


@main.command()
@click.option("-m", "--message", required=True)
def revision(message: str) -> None:
    """Writes a revision from the difference between tables.py files and database."""
    engine = make_engine(get_settings().database_url)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        command.revision(migrations.config(connection), message, autogenerate=True)


if __name__ == "__main__":
    main()
