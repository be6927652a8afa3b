"""The Content-Disposition of a download (RFC 6266): quoted for old clients, percent-encoded for all others."""

from urllib.parse import quote


def attachment(name: str) -> str:
    """A Content-Disposition that saves the file as `name`, which may hold any printable characters."""
    ascii_name = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    # RFC 8187 3.2.1: quote leaves attr-char as it is; it also encodes some characters that need not be encoded.
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
