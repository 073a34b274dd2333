"""/api/customer-groups/: groups of customers, and who is in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account import customer_groups
from account.models import CustomerGroup, User
from account.serializers import AddressField
from account.step_up import SensitiveAction
from account.views import AuthView
from common.conditional import honours_if_match, state_of, tagged
from common.schema import refuses
from common.serializers import StrictSerializer

TAGS = ["customer groups"]
SEE_GROUPS = "account.view_customergroup"
CHANGE_GROUPS = "account.change_customergroup"


class ManagesGroups(BasePermission):
    """Reading needs the right to see groups, everything else the right to change them. For people: keys have neither."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = SEE_GROUPS if request.method in SAFE_METHODS else CHANGE_GROUPS
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class GroupSerializer(serializers.ModelSerializer[CustomerGroup]):
    """A group of customers."""

    class Meta:
        model = CustomerGroup
        fields = ["id", "name", "created_at"]


class GroupInputSerializer(StrictSerializer):
    """A group to make or rename."""

    name = serializers.CharField(max_length=100)


class GroupCustomerSerializer(serializers.ModelSerializer[User]):
    """A customer who is in the group."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = User
        fields = ["id", "email", "phone", "first_name", "last_name", "created_at"]


class WhoSerializer(StrictSerializer):
    """A customer, by an address that is proved to be theirs or by the id of the account."""

    email = AddressField(required=False)
    id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"email": ["Give either email or id."]}, "required")
        return attrs


class NoFieldsSerializer(StrictSerializer):
    """Nothing has to be said: the address says it all."""


class GroupView(AuthView):
    """What the doors of groups share."""

    permission_classes = [ManagesGroups, SensitiveAction]


def _state(group: CustomerGroup) -> str:
    return state_of({"id": group.pk, "name": group.name})


def _hold(view: GroupView, group_id: int) -> str:
    return _state(customer_groups.lock_group(group_id))


def _find(group_id: int) -> CustomerGroup:
    group = CustomerGroup.objects.filter(pk=group_id).first()
    if group is None:
        raise customer_groups.NoSuchGroup("There is no such group.")
    return group


@extend_schema_view(
    get=extend_schema(
        operation_id="customer_groups_list",
        summary="List customer groups",
        description="Such as wholesalers. What a group pays is in its price list.",
        tags=TAGS,
    )
)
class GroupListView(generics.ListAPIView[CustomerGroup], GroupView):
    """All groups."""

    serializer_class = GroupSerializer
    orderings = {"name": "name", "-name": "-name"}
    default_ordering = "name"
    queryset = CustomerGroup.objects.all()

    @refuses(customer_groups.GroupNameTaken)
    @extend_schema(
        operation_id="customer_groups_create",
        summary="Make a customer group",
        description="With nobody in it.",
        tags=TAGS,
        request=GroupInputSerializer,
        responses={201: GroupSerializer},
    )
    def post(self, request: Request) -> Response:
        body = GroupInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        group = customer_groups.create_group(**body.validated_data)
        return Response(GroupSerializer(group).data, status.HTTP_201_CREATED)


class GroupDetailView(GroupView):
    """One group."""

    @extend_schema(
        operation_id="customer_groups_retrieve",
        summary="Show a customer group",
        description="By id.",
        tags=TAGS,
        responses={200: GroupSerializer},
    )
    def get(self, request: Request, group_id: int) -> Response:
        return _answer(request, _find(group_id))

    @refuses(customer_groups.GroupNameTaken)
    @extend_schema(
        operation_id="customer_groups_change",
        summary="Rename a customer group",
        description="Its customers and its price list stay.",
        tags=TAGS,
        request=GroupInputSerializer,
        responses={200: GroupSerializer},
    )
    @honours_if_match(_hold)
    def patch(self, request: Request, group_id: int) -> Response:
        body = GroupInputSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        name = body.validated_data.get("name")
        if name is None:
            return _answer(request, _find(group_id))
        return _answer(request, customer_groups.rename_group(group_id=group_id, name=name))

    @refuses(customer_groups.GroupInUse)
    @extend_schema(
        operation_id="customer_groups_delete",
        summary="Delete a customer group",
        description="Its customers are in none then. A group with a price list stays: 409 `group_in_use`.",
        tags=TAGS,
        responses={204: None},
    )
    @honours_if_match(_hold)
    def delete(self, request: Request, group_id: int) -> Response:
        customer_groups.delete_group(group_id=group_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    get=extend_schema(
        operation_id="customer_groups_customers_list",
        summary="List a group's customers",
        description="The newest account first.",
        tags=TAGS,
    )
)
class GroupCustomerListView(generics.ListAPIView[User], GroupView):
    """Who is in a group."""

    serializer_class = GroupCustomerSerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        return customer_groups.customers().filter(customer_group=_find(self.kwargs["group_id"]))

    @extend_schema(
        operation_id="customer_groups_customers_add",
        summary="Put somebody into a group",
        description=(
            "By e-mail address, which they must have proved to be theirs, or by the id of the account; out of any other"
            " group. It counts from their next request."
        ),
        tags=TAGS,
        request=WhoSerializer,
        responses={200: GroupCustomerSerializer},
    )
    def post(self, request: Request, group_id: int) -> Response:
        body = WhoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email, public_id = body.validated_data.get("email"), body.validated_data.get("id")
        user = _customer(public_id) if email is None else customer_groups.customer_by_email(email)
        user = customer_groups.put_customer(user_id=user.pk, group_id=group_id)
        return Response(GroupCustomerSerializer(user).data)


class GroupCustomerView(GroupView):
    """One customer's place in a group."""

    @extend_schema(
        operation_id="customer_groups_customers_put",
        summary="Put an account into a group",
        description="By the id of the account; out of any other group. Again: nothing changes.",
        tags=TAGS,
        request=NoFieldsSerializer,
        responses={200: GroupCustomerSerializer},
    )
    def put(self, request: Request, group_id: int, public_id: UUID) -> Response:
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        user = customer_groups.put_customer(user_id=_customer(public_id).pk, group_id=group_id)
        return Response(GroupCustomerSerializer(user).data)

    @extend_schema(
        operation_id="customer_groups_customers_remove",
        summary="Take somebody out of a group",
        description="They pay what everybody pays, from their next request. Who is not in the group is a 404.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request: Request, group_id: int, public_id: UUID) -> Response:
        user = _customer(public_id)
        if user.customer_group_id != group_id:
            raise customer_groups.NoSuchCustomer("This customer is not in the group.")
        customer_groups.put_customer(user_id=user.pk, group_id=None)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _customer(public_id: UUID) -> User:
    user = customer_groups.customers().filter(public_id=public_id).first()
    if user is None:
        raise customer_groups.NoSuchCustomer("There is no such customer.")
    return user


def _answer(request: Request, group: CustomerGroup) -> Response:
    return tagged(request, Response(GroupSerializer(group).data), _state(group))
