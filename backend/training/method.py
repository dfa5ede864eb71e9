"""How a round's contributions are measured, as its report says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from model.settings import SMALL, AttributionSettings, RetrainSettings, TrainSettings

METHOD = "retrained-artists@1"


@dataclass(frozen=True)
class Method:
    """Everything that decides how contributions are measured; published, and known to `verify`."""

    attribution: AttributionSettings = AttributionSettings()
    retrain: RetrainSettings = RetrainSettings()
    network: TrainSettings = SMALL

    def to_json(self) -> dict[str, Any]:
        """The report's `method`."""
        parts = {"attribution": self.attribution, "retrain": self.retrain, "network": self.network}
        return {"name": METHOD, "parameters": {name: part.to_json() for name, part in parts.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Method:
        """Of a report's `method`. Raises ValueError for unknown settings."""
        given = data["parameters"]
        return cls(
            AttributionSettings.from_json(given["attribution"]),
            RetrainSettings.from_json(given["retrain"]),
            TrainSettings.from_json(given["network"]),
        )
