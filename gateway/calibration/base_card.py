"""The card that a calibration starts from and is compared with: the shipped one, at the point that the site uses."""

from gateway.database.connection import Database
from gateway.screening.card_in_force import CardsInForce
from screening.results.model_card import ModelCard


async def base_card(database: Database, institution: str, shipped: ModelCard) -> tuple[ModelCard, str | None]:
    """The shipped card with the operating point that the institution chose for it, else with its default.

    Where a card of the site is in force, its version too: the comparison is not with that one, which has seen some of
    the studies.
    """
    in_force = await CardsInForce(database).for_screening(institution, shipped)
    return (in_force, None) if in_force.version == shipped.version else (shipped, in_force.version)
