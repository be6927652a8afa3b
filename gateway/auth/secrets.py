"""Random secrets and their hashes.

A secret is 256 bits from the system's generator. It cannot be guessed, so plain SHA-256 is enough. Slow hashes (bcrypt,
argon2) protect passwords that can be guessed; here they would only add a tenth of a second to each request.
"""

import hashlib
import secrets
from typing import Final

SECRET_BYTES: Final = 32


def new_secret() -> str:
    """43 characters: letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """The stored form of a secret. Rows are found by it, so no comparison time reveals a part of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
