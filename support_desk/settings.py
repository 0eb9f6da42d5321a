"""All settings, from the environment. What production needs has no default there and is named when it is missing."""

import base64
from pathlib import Path
from typing import Any

import environ
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.locales import LANGUAGES as OUR_LANGUAGES
from core.logs import logging_for

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

DESK_MODE = env.str("DESK_MODE", default="production")
PRODUCTION = DESK_MODE == "production"
TESTING = DESK_MODE == "test"
DEBUG = False


def _needed(name: str, stand_in: str) -> str:
    """A value that production must be given; tests and checks outside production use the stand-in."""
    return str(env.str(name) if PRODUCTION else env.str(name, default=stand_in)).strip()  # files end with a newline


_STAND_IN_KEY = base64.b64encode(bytes(range(32))).decode()

SECRET_KEY = _needed("SECRET_KEY", "not-for-production-" + "x" * 40)
FIELD_KEYS = [key.strip() for key in _needed("FIELD_KEYS", _STAND_IN_KEY).split(",") if key.strip()]
AUDIT_KEY = _needed("AUDIT_KEY", base64.b64encode(bytes(range(32, 64))).decode())
HUB_KEY = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"support-desk hub").derive(SECRET_KEY.encode())
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = [host.strip() for host in _needed("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",") if host.strip()]
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# --- the one truth, and the hints -------------------------------------------------------------------------------------
APP_DB_ROLE, OWNER_DB_ROLE = "desk_app", "desk_owner"
_database_url = _needed("DATABASE_URL", "postgres://desk_app:x@/desk")
OWNER_DATABASE_URL = env.str("OWNER_DATABASE_URL", default=_database_url).strip()


DATABASE_ROLE = env.str("DATABASE_ROLE", default="app")  # "owner": migrations only


def _database(url: str, *, pooled: bool) -> dict[str, Any]:
    """Django's form of a database URL. A pool needs CONN_MAX_AGE 0: the pool itself keeps the connections."""
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["CONN_MAX_AGE"] = 0 if pooled else None
    config["CONN_HEALTH_CHECKS"] = True  # after a restart of PostgreSQL no request pays for a dead connection
    options = config.setdefault("OPTIONS", {})
    if DATABASE_ROLE != "owner":
        # One locked ticket must not fill the threads that serve all others: give up, and let the sender try again.
        options.setdefault("options", "-c lock_timeout=5s")
    if pooled:
        options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=12), "timeout": 5}
    return config


DATABASES = {
    "default": _database(
        OWNER_DATABASE_URL if DATABASE_ROLE == "owner" else _database_url,
        pooled=env.bool("DATABASE_POOLED", default=not TESTING),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _needed("REDIS_URL", "redis://127.0.0.1:1/0")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="desk:")


def _broker(url: str) -> str:
    """Celery's spelling of a Redis URL; it names a unix socket differently from redis-py."""
    return url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_PREFIX,
    "visibility_timeout": env.int("BROKER_VISIBILITY", default=600),
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "fast"
CELERY_TASK_ROUTES = {"support_desk.tasks.*": {"queue": "slow"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "forget_expired_sessions": {"task": "support_desk.tasks.forget_expired_sessions", "schedule": 3600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat")

REACTIONS = "support_desk.reactions.REACTIONS"

# --- Django -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "core",
    "core.audit",
    "accounts",
    "tickets",
    "tickets.routing",
    "chat",
    "console",
    "support_desk",
    "accounts.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "axes",
    "csp",
    "django_structlog",
    "lucide",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.logs.RequestLogMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "support_desk.urls"
ASGI_APPLICATION = "support_desk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique in any letter case, by a constraint
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Argon2 costs what it should; hundreds of tests make people, and one test proves that production gets Argon2.
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{'MD5' if TESTING else 'Argon2'}PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "accounts:login", "console:queue", "accounts:login"
OTP_TOTP_ISSUER = env.str("OTP_ISSUER", default="Support Desk")
AXES_USERNAME_FORM_FIELD = (
    "username"  # the name in credentials; left out, tries are counted under nobody and never lock
)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # a stranger's further tries do not make the pause longer
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
AXES_CLIENT_IP_CALLABLE = "core.addresses.client_ip"
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
_TLS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _TLS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-session", "__Host-csrf") if _TLS else ("session", "csrf")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "support_desk.errors.csrf_refused"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = False  # nginx redirects; health checks stay plain inside the network
SECURE_HSTS_SECONDS = 31_536_000 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _TLS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture")
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGES = list(OUR_LANGUAGES)
LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _TLS
LOCALE_PATHS = [BASE_DIR / "support_desk" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "support_desk.static_files.HashedStaticFiles"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=10 * 1024 * 1024)
FILE_UPLOAD_MAX_MEMORY_SIZE = ATTACHMENT_MAX_BYTES + 65_536  # the envelope of a multipart form counts too
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # nothing unsealed on disk

LOGGING = logging_for(DESK_MODE)
