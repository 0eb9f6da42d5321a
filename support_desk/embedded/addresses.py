"""How the embedded servers are reached. Addresses carry passwords: never print them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from support_desk.embedded.values import SecretValues

SUPERUSER, OWNER, APP = "desk_superuser", "desk_owner", "desk_app"
DATABASE = "desk"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Everything that is reached through one directory of unix sockets."""

    sockets: Path
    values: SecretValues

    def __repr__(self) -> str:
        return f"Addresses({self.sockets})"

    @property
    def redis_url(self) -> str:
        """Redis, for everybody."""
        return f"unix://{self.sockets / 'redis.sock'}?db=0"

    def app_url(self, database: str = DATABASE) -> str:
        """A database as the role that runs the desk."""
        return self._url(APP, self.values.app_password, database)

    def owner_url(self, database: str = DATABASE) -> str:
        """A database as the role that migrates it."""
        return self._url(OWNER, self.values.owner_password, database)

    def superuser_url(self, database: str = DATABASE) -> str:
        """A database as the role that made the others."""
        return self._url(SUPERUSER, self.values.superuser_password, database)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgres://{role}:{quote(password, safe='')}@/{database}?host={quote(str(self.sockets))}"
