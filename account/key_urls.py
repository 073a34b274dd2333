"""/api/keys/"""

from __future__ import annotations

from django.urls import path

from account import key_views

urlpatterns = [
    path("", key_views.KeyListView.as_view()),
    path("<uuid:public_id>/", key_views.KeyView.as_view()),
    path("<uuid:public_id>/rotate/", key_views.RotateKeyView.as_view()),
    path("<uuid:public_id>/revoke/", key_views.RevokeKeyView.as_view()),
]
