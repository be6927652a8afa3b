"""The error of this package."""


class CheckFailed(Exception):
    """Something could not be built or started, or did not do what it should: what it was, and what was seen."""
