"""Password hashes: scrypt, at a cost fit for tests."""

import hashlib
import hmac
import secrets

COST = 2**12


def hash_password(password: str, salt: str | None = None) -> str:
    """By scrypt: `scrypt$<salt>$<hex>`. A salt of its own unless one is given."""
    salt = salt or secrets.token_hex(8)
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=COST, r=8, p=1)
    return f"scrypt${salt}${digest.hex()}"


def matches(password: str, hashed: str | None) -> bool:
    """Whether this is the password; an account without one has none that matches."""
    if not hashed:
        return False
    return hmac.compare_digest(hash_password(password, hashed.split("$")[1]), hashed)
