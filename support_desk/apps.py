"""Registers the composition with Django: commands, languages, the Celery application."""

from django.apps import AppConfig

from support_desk.celery import app as celery_app


class SupportDeskConfig(AppConfig):
    """The top floor. Importing it makes our Celery application the current one in every process."""

    name = "support_desk"
    celery_app = celery_app
