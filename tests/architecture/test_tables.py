"""The tables match their migrations."""

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.architecture.source import PACKAGES


def missing_migrations(models: ProjectState) -> dict[str, list[str]]:
    """The changes that no migration of ours makes, by app, as their suggested names."""
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), models).changes(graph=loader.graph)
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in PACKAGES}
    return {label: [m.name for m in migrations] for label, migrations in changes.items() if label in ours}


def test_every_change_of_a_model_has_its_migration():
    assert missing_migrations(ProjectState.from_apps(apps)) == {}


def test_a_missing_migration_is_noticed():
    changed = ProjectState.from_apps(apps)
    changed.remove_field("accounts", "user", "display_name")
    assert set(missing_migrations(changed)) == {"accounts"}
