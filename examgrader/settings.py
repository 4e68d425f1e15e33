"""All settings. Values come from the environment; `.env.example` lists them.

The product refuses to start without its secrets, unless DEBUG is on.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
import pghistory
from django.core.exceptions import ImproperlyConfigured

from examgrader import logs
from examgrader.policy import content_security_policy, of_static_files

django_stubs_ext.monkeypatch()  # ModelAdmin[Row] and its like are not subscriptable by themselves

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.Env()
environ.Env.read_env(str(BASE_DIR / ".env"))

DEBUG = env.bool("DEBUG", default=False)


def secret(name: str) -> str:
    """A secret from the environment; only with DEBUG a well-known one stands in."""
    value = str(env.str(name, default=""))
    if value:
        return value
    if DEBUG:
        return f"insecure-{name.lower()}-for-debugging-only-0123456789abcdef"
    raise ImproperlyConfigured(f"Set {name}: a long random text. (`make demo` makes its own under var/.)")


SECRET_KEY = secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ACCESS_KEY_PEPPER = secret("ACCESS_KEY_PEPPER")
RECEIPT_SIGNING_KEY = secret("RECEIPT_SIGNING_KEY")
JWT_SIGNING_KEY = secret("JWT_SIGNING_KEY")

# -- Where we are reached ---------------------------------------------------------------------------------

PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}").rstrip("/")
public = urlsplit(PUBLIC_URL)
IS_HTTPS = public.scheme == "https"
# Probes on the machine itself ask by these last names; Prometheus by the instance's own.
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS", default=[public.hostname]), "localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS += env.list("OWN_HOST", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"{public.scheme}://{public.netloc}"])
# Addresses or networks of our own proxies: only they are believed about a request's origin. About https
# (X-Forwarded-Proto) gunicorn asks the same list, see gunicorn.conf.py; SECURE_PROXY_SSL_HEADER, which
# believes whoever sends the header, stays unset.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# The scheme of PUBLIC_URL decides: over plain http (a school's local network) a Secure cookie never returns.
COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}console"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CONTESTANT_COOKIE_NAME = f"{COOKIE_PREFIX}contestant"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes speak plain http
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Static files are ours, or those of a CDN in front of us: `https://cdn.example.org/static/`.
STATIC_URL = env.str("STATIC_URL", default="/static/")
CONTENT_SECURITY_POLICY = {"DIRECTIVES": content_security_policy(STATIC_URL)}

# -- What we are made of ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "examgrader.console.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "examgrader.staticfiles.CollectedFiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.exams",
    "apps.access",
    "apps.submissions",
    "apps.grading",
]

MIDDLEWARE = [
    "examgrader.request_log.RequestLogMiddleware",
    "examgrader.headers.DefaultHeadersMiddleware",
    "examgrader.headers.PagePolicyMiddleware",
    "examgrader.metrics.CountBefore",
    "django.middleware.security.SecurityMiddleware",
    "examgrader.shedding.SheddingMiddleware",
    # Saves leave here; what every request must pass stands above, what only pages need below.
    "examgrader.short_lane.ShortLaneMiddleware",
    # Under wsgi.py files are found before Django is asked; this is for servers that ask Django, as tests do.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "examgrader.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "examgrader.console.ConsoleHistoryMiddleware",
    "examgrader.busy.BusyDatabaseMiddleware",
    "axes.middleware.AxesMiddleware",
    "examgrader.metrics.CountAfter",
]

# What is refused when a process cannot keep up: how long a request may have waited for a thread, by kind.
# Staff are asked to come again as soon as they would notice. Contestants at the opening bell rather wait some
# seconds than be turned away; after ten they reload, and what they waited for is served to nobody. Saves and
# hand-ins are not named: they are never refused, and go first (urgency.py).
SHED_AFTER_SECONDS = {"reports": 1.0, "console": 2.0, "reads": 6.0, "entry": 10.0}
REPORTS_AT_ONCE = 2  # in each process, of its six threads

ROOT_URLCONF = "examgrader.urls"
WSGI_APPLICATION = "examgrader.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# -- PostgreSQL -------------------------------------------------------------------------------------------

database = env.db("DATABASE_URL")
# How long a statement, a lock and an idle transaction may last. gunicorn.conf.py sets limits for the web;
# commands have none, for they migrate, import and publish in long transactions.
patience = env.str("DATABASE_PATIENCE", default="")
# And how long the web waits for a server that says nothing at all (0: without end, as commands do).
DATABASE_SILENCE = env.float("DATABASE_SILENCE", default=0.0)
database["ENGINE"] = "examgrader.postgresql"
options = database.setdefault("OPTIONS", {})
options["options"] = f"{options.get('options', '')} {patience}".strip()
options.setdefault("connect_timeout", 3)
# The save path's plans: made once, for planning the save anew each time costs more than running it, and by
# indexes alone. What is made while the tables are empty, as at the opening bell, would read them whole until
# statistics are gathered. (No jit: where a plan by indexes is not to be had, its cost would wake it up.)
plans = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"
plans = f"{plans} -c enable_mergejoin=off -c jit=off"
DATABASES = {
    "default": {**database, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True},
    # For saves, and for what everybody asks at the bells: prepared statements, bound on the server, no health
    # check (`core/prepared.py` reconnects and repeats once, which op ids make safe for saves).
    "saves": {
        **database,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            **options,
            "server_side_binding": True,
            "prepare_threshold": 0,
            "options": f"{options['options']} {plans}".strip(),
        },
        "TEST": {"MIRROR": "default"},
    },
}

# -- Redis (a cache and counters; nothing in it is the only copy) -------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            # Short, and no second try: who waits for the cache waits in vain, everything works without it.
            "OPTIONS": {
                "SOCKET_CONNECT_TIMEOUT": 0.2,
                "SOCKET_TIMEOUT": 0.2,
                # No pickles: whoever could write to Redis would run code here.
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            },
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# -- Staff (contestants are not users) -----------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: whoever is locked out is asked for nothing
    "django.contrib.auth.backends.ModelBackend",
    "apps.exams.gate.ExamRoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600  # a long day of grading; then the password again

# Guessing passwords. A name is locked together with the address that guesses: colleagues behind the same
# address go on, and nobody can lock a colleague out from elsewhere. Contestants have no passwords.
AXES_FAILURE_LIMIT = env.int("SIGN_IN_TRIES", default=5)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("SIGN_IN_LOCK_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "examgrader.lockout.address"
AXES_LOCKOUT_CALLABLE = "examgrader.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that the page tells stays true
AXES_DISABLE_ACCESS_LOG = True  # only failures are kept
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Whether staff also show a code of their own device when they sign in.
REQUIRE_OTP = env.bool("STAFF_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = "Examgrader"

# How long a password typed again before publishing results or handing out keys is good for.
PASSWORD_AGAIN_AFTER = timedelta(minutes=env.int("PASSWORD_AGAIN_MINUTES", default=10))

# History of rows that people edit: every insert, update and delete, by trigger.
PGHISTORY_APPEND_ONLY = True
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())

# -- The API ------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["apps.core.formats.AnyJson"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.formats.BoundedJson"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS would tell what the schema tells; it is a method like any other
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "examgrader.api.problem_details",
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "AUDIENCE": "examgrader-api",
    "ISSUER": "examgrader",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(hours=12),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,  # works only with the app token_blacklist, which a test sees to
    "CHECK_REVOKE_TOKEN": True,  # a new password ends all tokens
    "USER_AUTHENTICATION_RULE": "apps.exams.gate.is_active_staff",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Examgrader",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": "none"},  # asks nobody outside
    "ENUM_NAME_OVERRIDES": {
        "ExamStatus": "apps.exams.enums.ExamStatus",
        "Standing": "apps.grading.enums.Standing",
        "TaskStatus": "apps.grading.enums.TaskStatus",
        "ProblemKind": "apps.exams.enums.ProblemKind",
        "Phase": "apps.exams.enums.Phase",
    },
}

# Where lower apps send people, by the names of pages that upper apps own.
CONTESTANT_HOME_URL = "submissions:cover"
FIGURE_URL = "submissions:figure"
CONTESTANT_PAGE_URL = "admin:submissions_contestant"
CONTESTANT_DATA_URL = "admin:grading_contestant_data"

# -- Language, time, files -----------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "examgrader.staticfiles.HashedFiles"},
}
WHITENOISE_ADD_HEADERS_FUNCTION = of_static_files
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # 50 edits of 20,000 characters, each up to two bytes and escaped
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default=f"examgrader@{public.hostname}")

# -- What operators watch ------------------------------------------------------------------------------------

# Who may read /metrics: addresses and networks, or whoever sends this bearer token.
METRICS_FROM = env.list("METRICS_FROM", default=["127.0.0.0/8", "::1"])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PROMETHEUS_LATENCY_BUCKETS = (0.01, 0.05, 0.1, 0.3, 1, 3, 10, float("inf"))
# A file that the backup touches when it ended well: its time is when that was.
BACKUP_STAMP = env.str("BACKUP_STAMP", default="")

# -- Logs: to stderr, one event per line, without keys and answers (see logs.py) -----------------------------

LOGGING = logs.tree(logs.chosen_form(debug=DEBUG), env.str("LOG_LEVEL", default="INFO"))
