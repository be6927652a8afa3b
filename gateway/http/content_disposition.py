"""The name of a file on its way out (RFC 6266): quoted for old clients, percent-encoded for all others."""

from urllib.parse import quote


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name`, which may hold any printable characters."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    # RFC 8187 3.2.1: attr-char is what quote leaves as it is, less "/" and "~", and some that need no leave.
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
