"""Where sockets with a name lie: in TMPDIR, else in /tmp, for a socket's name has room for 107 bytes (unix(7))."""

import os
import tempfile
from typing import Final

NAME_BYTES: Final = 107
BELOW: Final = len(
    "/turnstile-xxxxxxxx/listener-xxxxxxxx"
)  # the longest that lies below: a folder of its own and a name


def folder_for_sockets() -> str:
    """TMPDIR, unless a socket below it would have no name that fits; then /tmp."""
    chosen = tempfile.gettempdir()
    return chosen if len(os.fsencode(chosen)) + BELOW <= NAME_BYTES else "/tmp"  # noqa: S108 - folders of mode 0700 in it
