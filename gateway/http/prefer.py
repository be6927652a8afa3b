"""The header Prefer (RFC 7240): whether the client wants an answer at once, and how long it waits for the result."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

RESPOND_ASYNC: Final = "respond-async"
WAIT: Final = "wait"


@dataclass(frozen=True)
class Wait:
    """Seconds to wait for the result; `applied` is the value of Preference-Applied, None when no preference counted."""

    seconds: float
    applied: str | None = None


def preferred_wait(prefer: Iterable[str], default_s: float, longest_s: float) -> Wait:
    """The wait that the values of Prefer name, at most `longest_s`; `default_s` when they name none.

    `respond-async` alone is no wait; `wait=N` is N seconds (RFC 7240 4.1 and 4.3). An invalid N is ignored: RFC 7240 2
    requires this for preferences that a server does not understand.
    """
    preferences = _preferences(prefer)
    seconds = _seconds(preferences.get(WAIT, ""))
    if seconds is not None:
        names = [RESPOND_ASYNC] if RESPOND_ASYNC in preferences else []
        wait_s = min(seconds, longest_s)
        return Wait(wait_s, ", ".join([*names, f"{WAIT}={wait_s:g}"]))
    if RESPOND_ASYNC in preferences:
        return Wait(0.0, RESPOND_ASYNC)
    return Wait(default_s)


def _preferences(values: Iterable[str]) -> Mapping[str, str]:
    """Preferences by their name in lower case; of repeated ones the first counts (RFC 7240 2)."""
    found: dict[str, str] = {}
    for item in ",".join(values).split(","):
        name, _, value = item.partition(";")[0].partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and math.isfinite(float(text)) else None
