"""The audit's one table."""

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One thing that somebody did. Rows are only ever added; people and objects are named by plain values, so they may
    vanish.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=40, blank=True)
    session = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    address = models.CharField(max_length=45, blank=True)
    previous = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_entry"
        verbose_name_plural = "entries"
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="audit_counts_from_one"),
            models.UniqueConstraint(fields=["previous"], name="audit_one_successor_each"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id", "-sequence"], name="audit_by_object"),
            models.Index(fields=["actor_kind", "actor_id", "-sequence"], name="audit_by_actor"),
            models.Index(fields=["action", "-sequence"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"
