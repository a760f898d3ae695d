"""Open edX's own LTI 1.3 consumer (lti-consumer-xblock) as a stand-alone platform on 127.0.0.1.

Run by the interpreter of `.venv-peer`, as a process of its own: server.py PUBLIC_KEY.pem DATABASE.sqlite3
Prints one line of JSON with its addresses, then serves until its standard input is closed.

Tokens, scopes, line items, scores, results and memberships are the consumer's own code. Only what it asks of
edx-platform (who is in the course, and whether names may be shared) is answered here.
"""

import functools
import json
import os
import sys
import threading
import types
import uuid
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django
from django.conf import settings

PUBLIC_KEY, DATABASE = Path(sys.argv[1]), sys.argv[2]
LEARNERS = ["alice", "bob", "carol", "dave", "erin"]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *arguments):
        """Tests are silent."""


server = WSGIServer(("127.0.0.1", 0), QuietHandler)
BASE = f"http://127.0.0.1:{server.server_port}"
settings.configure(
    SECRET_KEY="for tests on 127.0.0.1 only",
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    ROOT_URLCONF="peer_urls",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "rest_framework",
        "django_filters",
        "lti_consumer.apps.LTIConsumerApp",
    ],
    MIDDLEWARE=[],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USAGE_ID_PATTERN=r"(?P<usage_id>[^/]+)",
    LMS_ROOT_URL=BASE,
    LMS_BASE=BASE.removeprefix("http://"),
    LTI_BASE=BASE,
    LTI_API_BASE=BASE,
    FEATURES={},
    PLATFORM_NAME="peer",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.urls import include, re_path  # noqa: E402
from lti_consumer.lti_1p3 import consumer  # noqa: E402
from lti_consumer.models import Lti1p3Passport, LtiConfiguration  # noqa: E402
from lti_consumer.plugin import compat, views  # noqa: E402
from opaque_keys.edx.keys import UsageKey  # noqa: E402

urls = types.ModuleType("peer_urls")
urls.urlpatterns = [re_path(r"^", include("lti_consumer.plugin.urls", namespace="lti_consumer"))]
sys.modules["peer_urls"] = urls


def external_id(number):
    """The platform's opaque id of a user, the same in each run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"peer:{number}"))


def course_members(_course):
    members = {
        number: {"id": number, "name": name.title(), "email": f"{name}@example.org", "roles": ["student"]}
        for number, name in enumerate(LEARNERS, start=1)
    }
    members[99] = {"id": 99, "name": "Teacher", "email": "teacher@example.org", "roles": ["staff"]}
    return members


def external_ids(_users):
    numbers = [*range(1, len(LEARNERS) + 1), 99]
    return {n: types.SimpleNamespace(external_user_id=external_id(n)) for n in numbers}


compat.get_course_members = course_members
compat.merge_course_forum_roles = lambda course, members: None
compat.batch_get_or_create_externalids = external_ids
compat.nrps_pii_disallowed = lambda: False
views.get_lti_pii_sharing_state_for_course = lambda course: True

# a key is read once, not for each request: reading checks its primes, which takes 90 ms
consumer.PlatformKeyHandler = functools.cache(consumer.PlatformKeyHandler)

call_command("migrate", verbosity=0)
# the tests kill nothing that has to survive a power cut
connection.cursor().execute("PRAGMA synchronous=OFF")
passport = Lti1p3Passport.objects.create(name="tool", lti_1p3_tool_public_key=PUBLIC_KEY.read_text())
configuration = LtiConfiguration.objects.create(
    version=LtiConfiguration.LTI_1P3,
    config_store=LtiConfiguration.CONFIG_ON_DB,
    location=UsageKey.from_string("block-v1:edu+KERAS101+2026+type@lti_consumer+block@week1"),
    lti_1p3_passport=passport,
    lti_advantage_ags_mode="programmatic",
    lti_advantage_enable_nrps=True,
)
service = f"{BASE}/lti_consumer/v1/lti/{configuration.id}"
facts = {
    "client_id": str(passport.lti_1p3_client_id),
    "token_url": f"{BASE}/lti_consumer/v1/token/{passport.passport_id}",
    "lineitems_url": f"{service}/lti-ags",
    "memberships_url": f"{service}/memberships?limit=2",
    "users": {name: external_id(number) for number, name in enumerate(LEARNERS, start=1)},
}
server.set_app(get_wsgi_application())
print(json.dumps(facts), flush=True)


def stop_with_the_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=stop_with_the_parent, daemon=True).start()
server.serve_forever()
