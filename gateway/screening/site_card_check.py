"""A card of a site is used only as `turnstile calibrate` made it for the served networks; a file may hold anything."""

from collections.abc import Mapping
from typing import Any

from gateway.errors import InvalidSiteCard
from gateway.screening.card_in_force import belongs
from screening.results.model_card import ModelCard
from screening.results.site_version import DECIDED, VERSION_PREFIX, site_version


def check_site_card(card: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
    """Refuse a card that is not of these networks, or not as it was made; both as JSON.

    The version is no signature: it shows damage and changes by hand, not who made the card. Raises InvalidSiteCard,
    InvalidModelCard.
    """
    version = ModelCard.from_json(card).version
    site = card.get("site")
    if not version.startswith(VERSION_PREFIX) or not isinstance(site, Mapping) or "studies" not in site:
        raise InvalidSiteCard("this is no card of a site: `turnstile calibrate` makes those, and names them site-...")
    if not belongs(card, ModelCard.from_json(shipped)):
        raise InvalidSiteCard(f"{version} was calibrated with other networks than those served: calibrate again")
    if version != site_version(card):
        raise InvalidSiteCard(
            f"the content of {version} is not the one that it was made with: take the file that `turnstile calibrate`"
            " wrote, or calibrate again"
        )
    other = sorted(name for name in {*card, *shipped} - {*DECIDED, "version"} if card.get(name) != shipped.get(name))
    if other:
        raise InvalidSiteCard(
            f"{version} differs from the shipped card {shipped['version']} in what no calibration changes"
            f" ({', '.join(other)}): it was changed, or made from another export. Calibrate again"
        )
