"""No access for other users of the machine."""

from typing import Final

OWNER_ONLY: Final = 0o077  # umask, and the bits that no mode may have
