"""Every address of the shop."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from account.session_views import key_set
from common import health
from ecommerce.documentation import RedocView, SchemaView, SwaggerView
from ecommerce.views import DevelopmentView, media

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    re_path(r"^api/docs/?$", SwaggerView.as_view(), name="docs"),
    re_path(r"^api/redoc/?$", RedocView.as_view(), name="redoc"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path(
        "api/auth/", include("cart.login_urls")
    ),  # two of the account's, which merge a guest's cart
    path("api/auth/", include("account.urls")),
    path("api/auth/", include("privacy.urls")),
    path(".well-known/jwks.json", key_set),
    path("api/keys/", include("account.key_urls")),
    path("api/staff/", include("account.staff_urls")),
    path("api/addresses/", include("account.address_urls")),
    path("api/", include("audit.urls")),
    path("api/ledger/", include("ledger.urls")),
    path("api/customer-groups/", include("account.group_urls")),
    path("api/places/", include("places.urls")),
    path("api/delivery/", include("pricing.delivery_urls")),
    path("api/stock/", include("catalog.stock_urls")),
    path("api/", include("catalog.price_urls")),
    path("api/", include("pricing.urls")),
    path("api/carts/", include("cart.urls")),
    path("api/", include("catalog.urls")),
    path("api/", include("orders.urls")),
    path("api/", include("fulfilment.urls")),
    path("api/", include("payments.urls")),
    path("api/", include("reporting.urls")),
    path("admin/", admin.site.urls),
    path("media/<path:path>", media),
    path("", include("storefront.urls")),
]
if not settings.PRODUCTION:
    urlpatterns += [path("api/dev/", DevelopmentView.as_view())]

# In test mode nobody may take the figures for real money.
_TEST = " · TEST" if settings.CHAPA_MODE == "test" else ""
admin.site.site_header = admin.site.site_title = f"{settings.SHOP_NAME}{_TEST}"
admin.site.index_title = "The shop"

handler400 = "common.problems.bad_request"
handler403 = "common.problems.forbidden"
handler404 = "common.problems.not_found"
handler500 = "common.problems.server_error"
