"""Addresses of the catalogue, mounted at /api/. `key` is an id or a slug."""

from django.urls import include, path

from catalog import (
    attribute_views,
    category_views,
    grouping_views,
    image_views,
    suggest_views,
    text_views,
    variant_views,
    views,
)

urlpatterns = [
    path("", include("catalog.transfer_urls")),
    path("categories/", category_views.CategoryListView.as_view(), name="categories"),
    path("categories/<slug:key>/", category_views.CategoryView.as_view(), name="category"),
    path("attributes/", attribute_views.AttributeListView.as_view(), name="attributes"),
    path(
        "attributes/<int:attribute_id>/", attribute_views.AttributeView.as_view(), name="attribute"
    ),
    path("product-types/", attribute_views.ProductTypeListView.as_view(), name="product-types"),
    path(
        "product-types/<int:type_id>/",
        attribute_views.ProductTypeView.as_view(),
        name="product-type",
    ),
    path("brands/", grouping_views.BrandListView.as_view(), name="brands"),
    path("brands/<slug:key>/", grouping_views.BrandView.as_view(), name="brand"),
    path("collections/", grouping_views.CollectionListView.as_view(), name="collections"),
    path("collections/<slug:key>/", grouping_views.CollectionView.as_view(), name="collection"),
    path(
        "collections/<slug:key>/products/",
        grouping_views.CollectionProductsView.as_view(),
        name="collection-products",
    ),
    path(
        "collections/<slug:key>/products/<int:product_id>/",
        grouping_views.CollectionProductView.as_view(),
        name="collection-product",
    ),
    path("languages/", text_views.LanguageListView.as_view(), name="languages"),
    path("languages/<slug:code>/", text_views.LanguageView.as_view(), name="language"),
    path("terms/", text_views.TermListView.as_view(), name="terms"),
    path("terms/<int:term_id>/", text_views.TermView.as_view(), name="term"),
    path("products/", views.ProductListView.as_view(), name="products"),
    path("products/suggest/", suggest_views.SuggestView.as_view(), name="suggest"),
    path("products/<slug:key>/", views.ProductView.as_view(), name="product"),
    path("products/<slug:key>/restore/", views.RestoreView.as_view(), name="product-restore"),
    path("products/<slug:key>/variants/", variant_views.VariantListView.as_view(), name="variants"),
    path(
        "products/<slug:key>/variants/batch/",
        variant_views.VariantBatchView.as_view(),
        name="variant-batch",
    ),
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
