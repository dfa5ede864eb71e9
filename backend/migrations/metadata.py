"""All tables of the service, imported: `metadata` is what the newest revision must make."""

import backend.chain.tables
import backend.disputes.tables
import backend.generations.tables
import backend.governance.tables
import backend.prepaid.tables
import backend.royalties.tables
import backend.stake.tables
import backend.training.tables
import backend.works.tables  # noqa: F401
from backend.database import Base

metadata = Base.metadata
