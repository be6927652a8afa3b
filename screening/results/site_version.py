"""What marks the model card of a site: its version, the entries that calibration decides, its data set.

`screening.evaluation.site_card` makes such cards; serving, which only checks them, imports no evaluation for it.
"""

from collections.abc import Mapping
from typing import Any, Final

from screening.results.model_card import fingerprint

DATA_SET: Final = "site"
VERSION_PREFIX: Final = "site-"
DECIDED: Final = (  # the entries that calibration makes; all others are the shipped card's
    "volume_rule",
    "calibration",
    "operating_points",
    "operating_point",
    "probability_histogram",
    "figures",
    "site",
    "expert3d",
)


def site_version(card: Mapping[str, Any]) -> str:
    """The version that follows from what calibration decided and from the networks."""
    decided = {name: card[name] for name in DECIDED if name in card}
    return f"{VERSION_PREFIX}{fingerprint(decided, card['file_hashes'])}"
