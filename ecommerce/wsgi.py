"""The WSGI entry: `gunicorn ecommerce.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecommerce.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402 (both want the settings to be ready)

from ecommerce.front_door import FrontDoor  # noqa: E402

application = FrontDoor(_django) if settings.FAST_READS else _django
