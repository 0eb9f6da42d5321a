"""`manage.py drain_queue`: give waiting tickets to agents now, as the sweeper does every 5 seconds."""

from typing import Any

from django.core.management.base import BaseCommand

from tickets.routing.tasks import sweep_queues


class Command(BaseCommand):
    """Gives every waiting ticket that an agent may take to that agent."""

    help = "Give waiting tickets to agents who are present and have a free place."

    def handle(self, **_options: Any) -> None:
        """Drain all queues once and print how many tickets were given."""
        self.stdout.write(str(sweep_queues()))
