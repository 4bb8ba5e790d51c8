"""Who may use the server: users, passwords, tokens."""

from qhpc.access.identity.identity import Identity
from qhpc.access.identity.passwords import PasswordHasher

__all__ = ["Identity", "PasswordHasher"]
