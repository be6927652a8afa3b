"""The texts of the page in both languages, so that tests find what users see."""

import json
from functools import cache
from typing import Any, Final

from gateway.settings.settings import ROOT

LANGUAGES: Final = ("en", "ru")


def ui_text(key: str, language: str = "en", **values: str) -> str:
    """The text with the key `namespace:path.to.it`, with its {{values}} filled in."""
    namespace, _, path = key.partition(":")
    text: Any = _texts(language, namespace)
    for part in path.split("."):
        text = text[part]
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return str(text)


@cache
def _texts(language: str, namespace: str) -> Any:
    return json.loads((ROOT / "web" / "src" / "shared" / "i18n" / language / f"{namespace}.json").read_text("utf-8"))
