"""How many examples Hypothesis draws in costly property tests."""

from hypothesis import settings

HEAVY = "heavy"  # the profile of `--heavy`
SHARE = 5


def examples(count: int) -> int:
    """`count` with `--heavy`, otherwise a fifth of them."""
    return count if settings.get_current_profile_name() == HEAVY else -(-count // SHARE)
