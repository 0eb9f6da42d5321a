"""Forms of the admin: what staff type is brought into its stored form, and secrets go in but never come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.identity import check_key
from accounts.models import IssuerKey, Site, User
from accounts.origins import clean_origins
from core.errors import Refused

if TYPE_CHECKING:  # generic for the type checker only
    SiteFormBase = forms.ModelForm[Site]
    UserFormBase = forms.ModelForm[User]
    IssuerKeyFormBase = forms.ModelForm[IssuerKey]
else:
    SiteFormBase = UserFormBase = IssuerKeyFormBase = forms.ModelForm


class SiteForm(SiteFormBase):
    """A site, with origins in the one form in which they are compared."""

    class Meta:
        model = Site
        fields = ("key", "name", "origins", "default_language", "languages", "time_zone", "theme", "is_active")

    def clean_origins(self) -> list[str]:
        """Raises: ValidationError that names the origin."""
        try:
            return clean_origins(self.cleaned_data["origins"])
        except Refused as refusal:
            raise ValidationError(f"{refusal.facts['origin']}: {refusal.message}") from None


class UserForm(UserFormBase):
    """A person of the staff. A new one needs a password; later an empty field keeps it."""

    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty keeps the present one. A new password ends all sessions of the person."),
    )

    class Meta:
        model = User
        fields = ("email", "display_name", "language", "time_zone", "is_active", "is_staff")

    def clean_email(self) -> str:
        """One form for every spelling."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_new_password(self) -> str:
        """Raises: ValidationError for a weak one, or none for a new person."""
        password = str(self.cleaned_data["new_password"])
        if password:
            validate_password(password, self.instance)
        elif self.instance.pk is None:
            raise ValidationError(_("A new person needs a first password."))
        return password


class IssuerKeyForm(IssuerKeyFormBase):
    """A verification key. The key itself is written and never shown again."""

    new_key = forms.CharField(
        label=_("Key: shared secret of at least 32 bytes, or public key in PEM"),
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Stored sealed and not shown again. Empty keeps the present one."),
    )

    class Meta:
        model = IssuerKey
        fields = ("issuer", "kid", "algorithm", "is_active")

    def clean(self) -> dict[str, Any]:
        """The key is there and of the kind that the algorithm needs."""
        cleaned = super().clean() or {}
        key = cleaned.get("new_key") or (self.instance.key if self.instance.pk else "")
        try:
            check_key(cleaned.get("algorithm", ""), key)
        except ValueError:
            self.add_error(
                "new_key",
                _(
                    "The key does not fit the algorithm: HS256 takes a secret of at least 32 bytes, "
                    "ES256 a P-256 and EdDSA an Ed25519 public key in PEM."
                ),
            )
        return cleaned

    def save(self, commit: bool = True) -> IssuerKey:
        """A new key replaces the old one."""
        if self.cleaned_data.get("new_key"):
            self.instance.key = self.cleaned_data["new_key"]
        return super().save(commit)
