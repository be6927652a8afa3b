"""The folder for Unix sockets: TMPDIR, or /tmp when the path would exceed 107 bytes, the limit of unix(7)."""

import os
import tempfile
from typing import Final

MAX_PATH_BYTES: Final = 107
LONGEST_SUFFIX: Final = len("/turnstile-workers-xxxxxxxx/pymp-xxxxxxxx/listener-xxxxxxxx")  # two folders and the name


def socket_folder() -> str:
    """TMPDIR; /tmp when the path of a socket below TMPDIR would be too long."""
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) + LONGEST_SUFFIX <= MAX_PATH_BYTES else "/tmp"  # noqa: S108 - folders of mode 0700 in it
