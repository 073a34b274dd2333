"""Every address of the shop."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from common import health
from ecommerce.views import DevelopmentView, media

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    re_path(r"^api/docs/?$", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    re_path(r"^api/redoc/?$", SpectacularRedocView.as_view(url_name="schema"), name="redoc"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/auth/", include("account.urls")),
    path("api/", include("catalog.urls")),
    path("api/", include("payments.urls")),
    path("api/", include("orders.urls")),
    path("admin/", admin.site.urls),
    path("media/<path:path>", media),
    path("", include("storefront.urls")),
]
if not settings.PRODUCTION:
    urlpatterns += [path("api/dev/", DevelopmentView.as_view())]

handler400 = "common.problems.bad_request"
handler403 = "common.problems.forbidden"
handler404 = "common.problems.not_found"
handler500 = "common.problems.server_error"
