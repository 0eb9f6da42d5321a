"""Sign-in pages of staff: password, then second factor; enrolment; recovery codes; password change."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from time import time
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language
from django_otp.models import Device

from accounts import codes, guards, known_browsers, selectors, sessions
from accounts.actions import people, second_factor, staff_sessions
from accounts.forms import LoginForm, PasswordForm, TokenForm
from accounts.models import TotpDevice, User
from accounts.qr import QrPicture, qr_picture
from accounts.recording import origin_of, record
from core.errors import TooMany

LARGEST_SIGN_IN: Final = 8192  # characters; failed tries are kept for a while

page = require_http_methods(["GET", "HEAD", "POST"])


@page
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Step 1: e-mail address and password. The answer is the same whatever was wrong."""
    if guards.is_verified(request):
        return redirect(reverse(settings.LOGIN_REDIRECT_URL))
    form = LoginForm(request.POST or None)
    if request.method != "POST":
        sessions.lead_back_to(request.session, guards.safe_next(request.GET.get("next", "")))
        return render(request, "accounts/login.html", {"form": form, **_shared(request)})
    if len(request.POST.urlencode()) > LARGEST_SIGN_IN:
        return HttpResponse(status=413)
    try:
        user = _whose_password(request, form) if form.is_valid() else None
    except TooMany as pause:
        return _paused(request, timedelta(seconds=pause.retry_after))
    if user is None:
        return _refuse_password(request, form)
    target = request.session.get(sessions.NEXT, "")
    sessions.begin(request, user, at=time())
    request.session[sessions.NEXT] = target
    if second_factor.has_second_factor(user):
        return redirect("accounts:verify")
    second_factor.begin_enrolment(user=user)
    return redirect("accounts:enrol")


@page
@never_cache
@sensitive_post_parameters("otp_token")
def verify(request: HttpRequest) -> HttpResponseBase:
    """Step 2: the code of the authenticator, or a recovery code in the same field."""
    user = sessions.pending_user(request.session, at=time())
    if user is None:
        return _start_again(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        checked = second_factor.check_token(user=user, token=form.cleaned_data["otp_token"])
        if checked.device is not None:
            return _welcome(request, user, checked.device)
        if not _refuse_token(request, form, user, checked.wait):
            return _start_again(request)
    return _token_page(request, "accounts/verify.html", form, person=user)


@page
@never_cache
@sensitive_post_parameters("otp_token")
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Step 2 of the first sign-in: set up an authenticator, confirm it, and keep the recovery codes."""
    user = sessions.pending_user(request.session, at=time())
    device = selectors.authenticator_of(user, confirmed=False) if user else None
    if user is None or device is None or second_factor.has_second_factor(user):
        return _start_again(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        checked, fresh = second_factor.confirm_enrolment(
            user=user, token=form.cleaned_data["otp_token"], origin=origin_of(request)
        )
        if checked.device is not None:
            return _show_codes(request, fresh, _welcome(request, user, checked.device))
        if not _refuse_token(request, form, user, checked.wait):
            return _start_again(request)
    return _token_page(
        request, "accounts/enrol.html", form, person=user, qr=_qr(user, device), key=codes.grouped(device.key)
    )


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End this session and its sockets. Repeat: harmless."""
    key, user = request.session.session_key, request.user
    if user.is_authenticated:
        record("signed_out", actor=user, subject=user, origin=origin_of(request))
    request.session.flush()
    if key:
        staff_sessions.end_sockets_of(key)
    return redirect("accounts:login")


@page
@never_cache
@guards.second_factor_required
@sensitive_post_parameters("otp_token")
def recovery_codes(request: HttpRequest) -> HttpResponseBase:
    """New recovery codes in place of the old ones, for a person who has a fresh code at hand."""
    user = _user(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        checked = second_factor.check_token(user=user, token=form.cleaned_data["otp_token"])
        if checked.device is not None:
            fresh = second_factor.renew_recovery_codes(user=user, origin=origin_of(request))
            return _show_codes(request, fresh, redirect("console:queue"))
        form.add_error("otp_token", _token_sentence(checked.wait))
    left = selectors.recovery_codes_left(user)
    return _token_page(request, "accounts/recovery_codes.html", form, left=left)


@page
@never_cache
@guards.second_factor_required
@sensitive_post_parameters("current", "new", "again")
def password(request: HttpRequest) -> HttpResponseBase:
    """A new password; every other session of the person ends."""
    user = _user(request)
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        if authenticate(request, username=user.email.lower(), password=form.cleaned_data["current"]) == user:
            staff_sessions.change_password(user=user, password=form.cleaned_data["new"], origin=origin_of(request))
            sessions.renew(request, user, at=time())
            return redirect(reverse(settings.LOGIN_REDIRECT_URL))
        form.add_error("current", gettext("The current password was not accepted. Nothing was changed."))
    context = {"form": form, **_shared(request)}
    return render(request, "accounts/password.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@guards.second_factor_required
def language(request: HttpRequest) -> HttpResponseBase:
    """Another language, here at once and kept for every later sign-in."""
    people.choose_language(user=_user(request), language=request.POST.get("language", ""))
    return set_language(request)


@require_POST
@never_cache
@guards.second_factor_required
def still_here(_request: HttpRequest) -> HttpResponseBase:
    """The console says that the person is working; idle time starts again."""
    return HttpResponse(status=204)


def locked_out(
    request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The page after too many wrong passwords from one place, the same for every account."""
    return _paused(request, timedelta(hours=settings.AXES_COOLOFF_TIME))


def _paused(request: HttpRequest, wait: timedelta) -> HttpResponse:
    context = {"minutes": ceil(wait / timedelta(minutes=1)), **_shared(request)}
    response = render(request, "accounts/locked_out.html", context, status=429)
    response["Retry-After"] = str(int(wait.total_seconds()))
    response["Cache-Control"] = "no-store"
    return response


def _whose_password(request: HttpRequest, form: LoginForm) -> User | None:
    """The active user of this address and password. Raises: TooMany."""
    known_browsers.check_sign_in_limits(request, form.cleaned_data["username"])
    user = authenticate(request, **form.cleaned_data)
    return user if isinstance(user, User) else None


def _refuse_password(request: HttpRequest, form: LoginForm) -> HttpResponse:
    if form.is_valid():
        form.add_error(None, gettext("This e-mail address and password were not accepted. Check both and try again."))
    return render(request, "accounts/login.html", {"form": form, **_shared(request)}, status=422)


def _start_again(request: HttpRequest) -> HttpResponse:
    """Back to the password, with the reason; nothing of the attempt is kept."""
    target = request.session.get(sessions.NEXT, "")
    request.session.flush()
    form = LoginForm()
    sessions.lead_back_to(request.session, target)
    context = {"form": form, "started_again": True, "action": reverse("accounts:login"), **_shared(request)}
    return render(request, "accounts/login.html", context, status=401)


def _refuse_token(request: HttpRequest, form: TokenForm, user: User, wait: timedelta) -> bool:
    """Say why the code was not accepted. False when it was the last try."""
    if wait:
        form.add_error("otp_token", _token_sentence(wait))
        return True
    left = sessions.count_try(request.session)
    record("second_factor_refused", actor=user, subject=user, origin=origin_of(request))
    form.add_error("otp_token", ValidationError([_token_sentence(wait), _tries_sentence(left)]))
    return left > 0


def _token_sentence(wait: timedelta) -> str:
    if wait:
        seconds = max(ceil(wait.total_seconds()), 1)
        return ngettext(
            "Several codes were wrong. Wait {seconds} second, then enter the newest code.",
            "Several codes were wrong. Wait {seconds} seconds, then enter the newest code.",
            seconds,
        ).format(seconds=seconds)
    return gettext(
        "That code was not accepted. Wait for the next one and check that your phone's clock is set automatically."
    )


def _tries_sentence(left: int) -> str:
    return ngettext("{left} try left.", "{left} tries left.", left).format(left=left)


def _token_page(request: HttpRequest, template: str, form: TokenForm, **context: Any) -> HttpResponse:
    """A page with one code field. What was typed is never shown again."""
    if form.errors:
        form.data = {}
    context |= {"form": form, **_shared(request)}
    return render(request, template, context, status=422 if form.errors else 200)


def _welcome(request: HttpRequest, user: User, device: Device) -> HttpResponseRedirect:
    target = guards.safe_next(request.session.get(sessions.NEXT, "")) or reverse(settings.LOGIN_REDIRECT_URL)
    sessions.complete(request, user, device, at=time())
    record("signed_in", actor=user, subject=user, origin=origin_of(request), factor=type(device).__name__)
    response = HttpResponseRedirect(target)
    known_browsers.remember(response, user)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax", secure=settings.LANGUAGE_COOKIE_SECURE
        )
    return response


def _show_codes(request: HttpRequest, fresh: list[str], onward: HttpResponseRedirect) -> HttpResponse:
    """Recovery codes are shown in this one answer and stored nowhere in readable form."""
    context = {"codes": fresh, "onward": onward.url, **_shared(request)}
    response = render(request, "accounts/recovery_codes_fresh.html", context)
    response.cookies.update(onward.cookies)
    return response


def _qr(user: User, device: TotpDevice) -> QrPicture:
    """The key as a picture (`otpauth://`), drawn on the server: it goes to nobody else."""
    issuer = settings.OTP_TOTP_ISSUER
    label = quote(f"{issuer}:{user.email}")
    return qr_picture(f"otpauth://totp/{label}?secret={device.key}&issuer={quote(issuer)}")


def _shared(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every sign-in page shows."""
    current = get_language() or settings.LANGUAGE_CODE
    return {
        "desk_name": settings.OTP_TOTP_ISSUER,
        "desk_host": request.get_host(),
        "languages": settings.LANGUAGES,
        "language": current,
        "language_name": dict(settings.LANGUAGES).get(current, current),
    }


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the guard let nobody else in
    return user


__all__: Final = [
    "enrol", "language", "locked_out", "password", "recovery_codes", "sign_in", "sign_out", "still_here", "verify",
]  # fmt: skip
