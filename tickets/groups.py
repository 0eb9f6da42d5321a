"""Names of the hub's groups: who hears what. A group is an address, never a permission."""

from uuid import UUID


def customer_group(ticket: UUID) -> str:
    """What the customer of a ticket may see; numbered by `public_seq`."""
    return f"c:{ticket}"


def home_group(customer_id: int) -> str:
    """All tabs of one customer; says "opened" when a ticket begins in any of them."""
    return f"h:{customer_id}"


def staff_group(ticket: UUID) -> str:
    """Every entry of a ticket, for agents who watch it; numbered by `seq`."""
    return f"t:{ticket}"


def agent_group(user_id: int) -> str:
    """What concerns one agent: assigned, unassigned."""
    return f"a:{user_id}"


def queue_group(team_id: int) -> str:
    """That the queue of a team has changed."""
    return f"q:{team_id}"
