"""People, sites and settings in the admin. No message and nothing that a customer wrote is shown here."""

# ruff: noqa: ARG002  the signatures are Django's

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions import people, second_factor, staff_sessions
from accounts.admin_forms import IssuerKeyForm, SiteForm, UserForm
from accounts.models import Agent, Grant, Issuer, IssuerKey, Site, SitePolicy, Team, User
from accounts.policy import can
from accounts.recording import origin_of, record

if TYPE_CHECKING:  # generic for the type checker only
    ModelAdminBase = admin.ModelAdmin[Any]
    GrantInlineBase = admin.TabularInline[Grant, User]
else:
    ModelAdminBase, GrantInlineBase = admin.ModelAdmin, admin.TabularInline


class DeskModelAdmin(ModelAdminBase):
    """Asks our policy instead of Django's permissions, and writes every change into the audit."""

    capability: ClassVar[str] = "site.configure"
    event: ClassVar[str] = "settings_changed"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the section is listed."""
        return can(request.user, self.capability)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows are shown."""
        return can(request.user, self.capability)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether rows may be added."""
        return can(request.user, self.capability)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether a row may be changed."""
        return can(request.user, self.capability)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here but where a class says so: rows are switched off, so that history stays readable."""
        return False

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: list[BaseModelFormSet[Any, Any]], change: bool
    ) -> None:
        """Store the rows, then their entry in the audit, in the admin's one transaction."""
        super().save_related(request, form, formsets, change)
        changed = [*form.changed_data, *(str(formset.prefix) for formset in formsets if formset.has_changed())]
        self.note(request, form.instance, changed=sorted(changed), created=not change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Record, then delete."""
        self.note(request, obj, deleted=True)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Each row by itself, so that each is recorded."""
        for obj in queryset:
            self.delete_model(request, obj)

    def note(self, request: HttpRequest, obj: Model, **facts: object) -> None:
        """Write what was changed, by whom; values are left out, for some are secret."""
        record(self.event, actor=_person(request), subject=obj, origin=origin_of(request), **facts)


class GrantInline(GrantInlineBase):
    """What a person may do, and where."""

    model = Grant
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever manages people."""
        return can(request.user, "people.manage")

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody gives roles to themselves."""
        return can(request.user, "people.manage") and (obj is None or obj.pk != request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody changes their own roles."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody removes their own roles."""
        return self.has_add_permission(request, obj)


@admin.register(User)
class UserAdmin(DeskModelAdmin):
    """Staff, with their grants."""

    capability = "people.manage"
    event = "user_saved"
    form = UserForm
    inlines = (GrantInline,)
    list_display = ("email", "display_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "grants__role")
    search_fields = ("email", "display_name")
    ordering = ("email",)
    actions = ("reset_second_factor", "end_sessions")

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[Any], change: bool) -> None:
        """A new password or a switched-off account ends the person's sessions."""
        form.grants_before = people.grants_text(obj) if change else []  # type: ignore[attr-defined]
        password = form.cleaned_data.get("new_password")
        if password:
            obj.set_password(password)
        super().save_model(request, obj, form, change)
        if change and (password or {"is_active", "is_staff", "email"}.intersection(form.changed_data)):
            staff_sessions.end_sessions(user=obj)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: list[BaseModelFormSet[Any, Any]], change: bool
    ) -> None:
        """Changed grants end the person's sessions and are recorded as they were and are."""
        super().save_related(request, form, formsets, change)
        people.record_grants(
            user=form.instance,
            actor=_person(request),
            before=form.grants_before,  # type: ignore[attr-defined]
            origin=origin_of(request),
        )

    @admin.action(description=_("Remove the second factor: the person enrols again"))
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For a lost phone. Not for oneself."""
        for user in queryset.exclude(pk=_person(request).pk):
            second_factor.remove_second_factor(user=user, actor=_person(request), origin=origin_of(request))
        self.message_user(request, _("The second factor was removed. They enrol at their next sign-in."))

    @admin.action(description=_("End all sessions"))
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Signs the persons out everywhere, at once."""
        for user in queryset:
            staff_sessions.end_sessions(user=user)
            self.note(request, user, sessions_ended=True)


@admin.register(Agent)
class AgentAdmin(DeskModelAdmin):
    """The answering side of staff."""

    capability = "people.manage"
    event = "agent_saved"
    list_display = ("user", "presence", "capacity")
    list_filter = ("presence", "teams")
    list_select_related = ("user",)
    fields = ("user", "teams", "languages", "skills", "capacity")
    filter_horizontal = ("teams",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A profile stays with its person: another one there would be a second profile."""
        return ("user",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Agent, form: ModelForm[Any], change: bool) -> None:
        """Remember the teams, for the comparison below."""
        form.teams_before = people.teams_of(obj) if change else frozenset()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: list[BaseModelFormSet[Any, Any]], change: bool
    ) -> None:
        """Left teams end the person's sessions, as changed grants do."""
        super().save_related(request, form, formsets, change)
        people.end_left_memberships(agent=form.instance, before=form.teams_before)  # type: ignore[attr-defined]


@admin.register(Team)
class TeamAdmin(DeskModelAdmin):
    """Teams and the sites they answer for."""

    capability = "people.manage"
    event = "team_saved"
    list_display = ("name", "is_default")
    filter_horizontal = ("sites",)


@admin.register(Site)
class SiteAdmin(DeskModelAdmin):
    """Sites that embed the widget."""

    event = "site_saved"
    form = SiteForm
    list_display = ("name", "key", "is_active")
    search_fields = ("name", "key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A key stands in other people's pages: it never changes."""
        return ("key",) if obj else ()


@admin.register(SitePolicy)
class SitePolicyAdmin(DeskModelAdmin):
    """Policies with history: a change is a new row."""

    event = "policy_changed"
    list_display = ("site", "name", "changed_by", "changed_at")
    list_filter = ("site", "name")
    fields = ("site", "name", "value")
    ordering = ("site", "name", "-changed_at")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are history."""
        return False

    def save_model(self, request: HttpRequest, obj: SitePolicy, form: ModelForm[Any], change: bool) -> None:
        """With the name of who set it."""
        obj.changed_by = _person(request)
        super().save_model(request, obj, form, change)


@admin.register(Issuer)
class IssuerAdmin(DeskModelAdmin):
    """Who may vouch for customers."""

    capability = "identity.manage"
    event = "issuer_saved"
    list_display = ("name", "site", "is_active")
    list_select_related = ("site",)


@admin.register(IssuerKey)
class IssuerKeyAdmin(DeskModelAdmin):
    """Their keys: written, never shown."""

    capability = "identity.manage"
    event = "issuer_key_saved"
    form = IssuerKeyForm
    fields = ("issuer", "kid", "algorithm", "new_key", "is_active")
    list_display = ("issuer", "kid", "algorithm", "is_active", "created_at")
    list_select_related = ("issuer",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A key that leaked goes."""
        return can(request.user, self.capability)


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the site lets nobody else in
    return user
