from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor_kind", models.CharField(max_length=20)),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("role", models.CharField(blank=True, max_length=40)),
                ("session", models.CharField(blank=True, max_length=64)),
                ("action", models.CharField(max_length=60)),
                ("object_kind", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("facts", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("previous", models.BinaryField(max_length=32)),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "audit_entry",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["object_kind", "object_id", "-sequence"], name="audit_by_object"),
                    models.Index(fields=["actor_kind", "actor_id", "-sequence"], name="audit_by_actor"),
                    models.Index(fields=["action", "-sequence"], name="audit_by_action"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="audit_counts_from_one"),
                    models.UniqueConstraint(fields=("previous",), name="audit_one_successor_each"),
                ],
            },
        ),
    ]
