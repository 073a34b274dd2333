"""The composition root."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class EcommerceConfig(AppConfig):
    """Settings, routes and the commands that run the whole shop."""

    default = True
    name = "ecommerce"


class ShopAdminConfig(admin.AdminConfig):
    """Django's admin, with the shop's own idea of who may enter."""

    default = False
    default_site = "account.admin_site.ShopAdminSite"
