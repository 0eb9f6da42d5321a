"""What every process of production asks before it serves: is it safe to run like this?"""

from django.conf import settings

from core.checks import refuse_unsafe_start


def refuse_unsafe_process() -> None:
    """Raises: SystemExit that names every unsafe setting, in production only."""
    if settings.PRODUCTION:
        refuse_unsafe_start()
