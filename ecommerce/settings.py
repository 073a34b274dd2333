"""Every setting of Nexus, read from the environment once, at start.

`.env.example` lists and explains the variables. *Development* is: no `DATABASE_URL`, or `DEBUG` on; everything else is
production, and `ecommerce.guards` refuses to start it with a setting that would be unsafe there.
Importing this module starts nothing: the embedded PostgreSQL starts with the first connection.
"""

import sys
from datetime import timedelta
from pathlib import Path

from environs import Env, validate

from ecommerce import guards
from ecommerce.logs import logging_config, report_errors
from ecommerce.management import simulator
from ecommerce.openapi import API_EXAMPLES, SPECTACULAR_SETTINGS  # noqa: F401
from ecommerce.rest import REST_FRAMEWORK  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
TESTING = "pytest" in sys.modules  # tests have a data folder of their own, and no .env
if not TESTING:
    env.read_env(str(BASE_DIR / ".env"), recurse=False)

# --- Where we are -----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
DATABASE_URL = env.str("DATABASE_URL", "")
PRODUCTION = bool(DATABASE_URL) and not DEBUG
DATA_DIR = Path(
    env.str("NEXUS_DATA_DIR", "") or BASE_DIR / (".nexus-test" if TESTING else ".nexus")
).absolute()
PORT = env.int("PORT", 8000)
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/") or (
    "" if PRODUCTION else f"http://127.0.0.1:{PORT}"
)
FRONTEND_URL = env.str("FRONTEND_URL", "").rstrip("/")

# --- Secrets and hosts ------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", "") or ("" if PRODUCTION else guards.local_secret_key(DATA_DIR))
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", []) + (
    [] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"]
)
TRUSTED_PROXY_HOPS = env.int("TRUSTED_PROXY_HOPS", 0)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", []) or guards.origins(PUBLIC_URL)
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", []) or guards.origins(FRONTEND_URL)
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_CREDENTIALS = False  # we use bearer tokens, never cookies, across origins
CORS_ALLOW_HEADERS = guards.CORS_ALLOW_HEADERS
CORS_EXPOSE_HEADERS = guards.CORS_EXPOSE_HEADERS

# --- The apps, from the floor up --------------------------------------------------------------
INSTALLED_APPS = [
    "ecommerce",
    "ecommerce.apps.ShopAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "csp",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "common",
    "audit",
    "events",
    "places",
    "ledger",
    "account",
    "inventory",
    "catalog",
    "pricing",
    "cart",
    "orders",
    "fulfilment",
    "payments",
    "storefront",
    "reporting",
    "privacy",
]
MIDDLEWARE = [
    "common.http.RequestIdMiddleware",
    "audit.middleware.AuditMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "common.http.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "common.http.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "ecommerce.urls"
WSGI_APPLICATION = "ecommerce.wsgi.application"
ASGI_APPLICATION = "ecommerce.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Data -------------------------------------------------------------------------------------
CONN_MAX_AGE = env.int("CONN_MAX_AGE", 600)
DATABASES = {"default": guards.database(DATABASE_URL, data_dir=DATA_DIR, conn_max_age=CONN_MAX_AGE)}
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", "")
REDIS_URL = env.str("REDIS_URL", "")
CACHES = guards.caches(REDIS_URL)
FAST_READS = env.bool("FAST_READS", True)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; images are files and have a limit of their own
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "account.User"
AUTHENTICATION_BACKENDS = ["account.backends.RoleBackend"]
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", 12)
PASSWORD_HASHERS = [
    "account.hashers.SmallArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = guards.password_validators(PASSWORD_MIN_LENGTH)
JWT_ALGORITHM = env.str("JWT_ALGORITHM", "HS256", validate=validate.OneOf(["HS256", "EdDSA"]))
ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=env.int("REFRESH_GRACE_SECONDS", 10))
STAFF_SECOND_FACTOR = env.str(
    "STAFF_SECOND_FACTOR", "optional", validate=validate.OneOf(["optional", "required"])
)
VERIFICATION_LIFETIME = timedelta(hours=48)
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", 730)
INBOX_KEEP_DAYS = env.int("INBOX_KEEP_DAYS", 90)  # bodies of webhooks
LEGAL_KEEP_YEARS = env.int("LEGAL_KEEP_YEARS", 10)  # orders and documents, after their year ends
RATE_LIMITS = env.str("RATE_LIMITS", "on") != "off"

# --- The shop ---------------------------------------------------------------------------------
SHOP_NAME = env.str("SHOP_NAME", "Nexus")
SHOP_CURRENCY = env.str("SHOP_CURRENCY", "ETB")
PRICES_INCLUDE_TAX = env.bool("PRICES_INCLUDE_TAX", True)
SHOP_TIME_ZONE = env.str("SHOP_TIME_ZONE", "Africa/Addis_Ababa")  # of opening hours, windows
CART_EXPIRY_DAYS = env.int("CART_EXPIRY_DAYS", 30)  # untouched carts of guests
USER_CART_EXPIRY_DAYS = env.int("USER_CART_EXPIRY_DAYS", 90)  # and of customers
CART_ABANDONED_HOURS = env.int("CART_ABANDONED_HOURS", 24)
ORDER_EXPIRY_MINUTES = env.int("ORDER_EXPIRY_MINUTES", 60)
RECONCILE_MINUTES = env.int("RECONCILE_MINUTES", 5)
MAX_OPEN_ORDERS = env.int("MAX_OPEN_ORDERS", 10)  # unpaid, of one customer
MAX_OPEN_PIECES = env.int("MAX_OPEN_PIECES", 10_000)  # set aside for them, in all
LOW_STOCK_AT = env.int("LOW_STOCK_AT", 2)

# --- Money in: Chapa --------------------------------------------------------------------------
CHAPA_SECRET_KEY = env.str("CHAPA_SECRET_KEY", "")
# In development without a key, everything about Chapa is about the simulator of this data folder.
SIMULATED = not PRODUCTION and not CHAPA_SECRET_KEY
_SIMULATOR = simulator.known(DATA_DIR) if SIMULATED else {}


def _chapa(name: str, default: str = "") -> str:
    return _SIMULATOR.get(name) or env.str(name, "") or default


CHAPA_SECRET_KEY = _chapa("CHAPA_SECRET_KEY")
CHAPA_PUBLIC_KEY = _chapa("CHAPA_PUBLIC_KEY")
CHAPA_BASE_URL = _chapa("CHAPA_BASE_URL", "https://api.chapa.co/v1").rstrip("/")
CHAPA_WEBHOOK_SECRET = _chapa("CHAPA_WEBHOOK_SECRET")
CHAPA_WEBHOOK_SECRET_PREVIOUS = env.str("CHAPA_WEBHOOK_SECRET_PREVIOUS", "")
# In development a test key says enough; production must say that it means to be a demonstration.
_TEST_SHOP = not PRODUCTION and guards.is_test_key(CHAPA_SECRET_KEY)
CHAPA_MODE = _chapa("CHAPA_MODE", "test" if _TEST_SHOP else "live")
SIMULATOR_URL = _chapa("NEXUS_SIMULATOR_URL")
SIMULATOR_TOKEN = _chapa("NEXUS_SIMULATOR_TOKEN")

# --- Letters out ------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", "")
vars().update(guards.email(EMAIL_URL, production=PRODUCTION))
EMAIL_TIMEOUT = 10
SMS_URL = guards.sms_url(env.str("SMS_URL", ""), production=PRODUCTION)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or f"{SHOP_NAME} <shop@localhost>"

# --- Files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None  # else straight from the apps
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": guards.media_storage(env.str("MEDIA_STORAGE_URL", ""), production=PRODUCTION),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- Words, time, logs ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LOGGING = logging_config(json_lines=PRODUCTION)
SENTRY_DSN = env.str("SENTRY_DSN", "")
if SENTRY_DSN:
    report_errors(SENTRY_DSN)

# --- Browser security -------------------------------------------------------------------------
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Forms carry the CSRF token in themselves: no script reads the cookie.
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Tokens in links never travel in a Referer. Under "no-referrer" browsers post forms with `Origin: null`, which CSRF refuses.
SECURE_REFERRER_POLICY = "strict-origin"
CSRF_FAILURE_VIEW = "common.problems.csrf_failure"
_BEHIND_TLS = bool(TRUSTED_PROXY_HOPS) and HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _BEHIND_TLS else None
CONTENT_SECURITY_POLICY = guards.content_security_policy(STORAGES["default"])

# --- Procrastinate: jobs live in PostgreSQL ----------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # an API must not redirect to https silently (ASVS 4.1.2): the edge does it
    "security.W021",  # browsers' preload list is for the owner of the domain to decide
    "security.W009",  # `ecommerce.guards` says how long a SECRET_KEY must be
]

if PRODUCTION:
    guards.refuse_unsafe_production(vars())
