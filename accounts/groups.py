"""Names of the hub groups that end sessions."""

from hashlib import sha256


def staff_sessions(user_id: int) -> str:
    """Every socket of a staff user; a `revoked` frame here ends them all."""
    return f"staff:{user_id}"


def staff_session(session_key: str) -> str:
    """The sockets of one sign-in; named by a hash, for the key itself opens the session."""
    return f"staff-session:{sha256(session_key.encode()).hexdigest()[:32]}"


def customer_session(session_id: int) -> str:
    """The sockets of one browser of a customer."""
    return f"customer-session:{session_id}"
