"""The database itself refuses to change the audit: no right for the app's role, and a trigger for everybody."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

GUARD = """
CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only();
"""
UNGUARD = "DROP TRIGGER audit_entry_append_only ON audit_entry; DROP FUNCTION audit_entry_is_append_only();"


def revoke(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The app's role keeps reading and adding; where the role does not exist (an owner-only desk) there is nothing to
    take.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.APP_DB_ROLE])
        known = cursor.fetchone() is not None
    if known:
        role = schema_editor.quote_name(settings.APP_DB_ROLE)
        schema_editor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON audit_entry FROM {role}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(revoke, migrations.RunPython.noop, elidable=False),
    ]
