"""Addresses of the catalogue, mounted at /api/. `key` is an id or a slug."""

from django.urls import path

from catalog import image_views, variant_views, views

urlpatterns = [
    path("categories/", views.CategoryListView.as_view(), name="categories"),
    path("categories/<slug:key>/", views.CategoryView.as_view(), name="category"),
    path("products/", views.ProductListView.as_view(), name="products"),
    path("products/<slug:key>/", views.ProductView.as_view(), name="product"),
    path("products/<slug:key>/variants/", variant_views.VariantListView.as_view(), name="variants"),
    path(
        "products/<slug:key>/variants/<int:variant_id>/",
        variant_views.VariantView.as_view(),
        name="variant",
    ),
    path("products/<slug:key>/images/", image_views.ImageListView.as_view(), name="images"),
    path(
        "products/<slug:key>/images/<int:image_id>/",
        image_views.ImageView.as_view(),
        name="image",
    ),
]
