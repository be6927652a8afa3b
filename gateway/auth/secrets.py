"""Random secrets, and what is kept of them.

A secret here is 256 bits from the system's generator, so nobody guesses it and plain SHA-256 keeps it. Slow hashes
(bcrypt, argon2) make guessing a person's password dear; here they would only cost every request a tenth of a second.
"""

import hashlib
import secrets
from typing import Final

SECRET_BYTES: Final = 32


def new_secret() -> str:
    """43 letters, digits, - and _."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """What the database keeps instead of the secret; it is looked up by this, so no comparison leaks a part of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
