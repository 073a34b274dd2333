"""Logging in with a guest's cart in hand: the account's own doors, and the cart is merged when one has opened."""

from __future__ import annotations

import functools
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from account.models import User
from account.phone_views import PhoneLoginView
from account.serializers import SignedInSerializer
from account.views import LoginView
from cart.access import cart_token_of
from cart.merging import merge
from cart.serializers import MergedCartSerializer
from cart.views import CART_TOKEN, merged_json


class SignedInWithCartSerializer(SignedInSerializer):
    """Signed in; and, when a guest's cart came along, what became of it."""

    cart = MergedCartSerializer(required=False)


def _merging(post: Any) -> Any:
    """The door's POST, which then merges the cart of whoever has shown a guest's token with the log-in."""

    @functools.wraps(post)
    def wrapper(view: Any, request: Request) -> Response:
        answer: Response = post(view, request)
        token = cart_token_of(request)
        if answer.status_code == status.HTTP_200_OK and token:
            user = User.objects.get(public_id=answer.data["user"]["id"])
            done = merge(user=user, token=token)
            if done is not None:
                answer.data["cart"] = merged_json(done)
        return answer

    wrapper.kwargs = dict(post.kwargs)  # type: ignore[attr-defined]  # what drf-spectacular writes into
    return wrapper


_WITH_CART = extend_schema(parameters=[CART_TOKEN], responses={200: SignedInWithCartSerializer})


@extend_schema_view(post=_WITH_CART)
class CartLoginView(LoginView):
    """Log in."""

    post = _merging(LoginView.post)


@extend_schema_view(post=_WITH_CART)
class CartPhoneLoginView(PhoneLoginView):
    """Sign in by phone: give the code."""

    post = _merging(PhoneLoginView.post)
