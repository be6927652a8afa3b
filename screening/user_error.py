"""The base of errors whose text is for the user of the command line."""


class UserError(Exception):
    """What the user can correct; the text says what happened and what to do. It has no code and no HTTP status."""
