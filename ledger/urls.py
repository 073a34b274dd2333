"""Addresses of the ledger."""

from django.urls import path

from ledger import views

urlpatterns = [
    path("accounts/", views.AccountListView.as_view()),
    path("entries/", views.EntryListView.as_view()),
    path("entries/<uuid:public_id>/", views.EntryView.as_view()),
    path("trial-balance/", views.TrialBalanceView.as_view()),
]
