"""/api/staff/: who works here, and in which roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from account import roles
from account.models import Role, User
from account.serializers import AddressField
from account.step_up import SensitiveAction
from account.views import AuthView, caller
from common.conditional import honours_if_match, state_of, tagged
from common.errors import NotFound
from common.schema import refuses
from common.serializers import StrictSerializer

TAGS = ["staff"]
_NEEDED = {"GET": "account.view_userrole"}


class ManagesStaff(BasePermission):
    """Reading needs the right to see roles, everything else the right to change them. For people: keys have neither."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = _NEEDED.get(request.method or "", roles.CHANGE_ROLES)
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class RoleListField(serializers.ListField):
    """Roles by name, each once."""

    child = serializers.ChoiceField(choices=Role.choices)

    def to_internal_value(self, data: Any) -> list[Role]:
        return [Role(name) for name in dict.fromkeys(super().to_internal_value(data))]


class RolesSerializer(StrictSerializer):
    """All the roles that somebody is to have; none of them: no longer staff."""

    roles = RoleListField(max_length=len(Role))


class NewStaffSerializer(RolesSerializer):
    """Whose account, by its verified address, and the roles to give."""

    email = AddressField()
    roles = RoleListField(max_length=len(Role), allow_empty=False)


class StaffSerializer(serializers.ModelSerializer[User]):
    """Somebody who works here. A superuser, made on the command line, owns the shop without a role."""

    id = serializers.UUIDField(source="public_id")
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id", "email", "phone", "first_name", "last_name", "is_active", "is_superuser", "roles",
            "last_login", "created_at",
        ]  # fmt: skip

    def get_roles(self, user: User) -> list[str]:
        had = {row.role for row in user.roles.all()}
        return [role.value for role in Role if role in had]


class StaffView(AuthView):
    """What the doors of staff share."""

    permission_classes = [ManagesStaff, SensitiveAction]

    def shown(self, user_id: int) -> Response:
        """The person as they are now."""
        return _shown(self.request, _found(User.objects.filter(pk=user_id)))


@extend_schema_view(
    get=extend_schema(
        operation_id="staff_list",
        summary="List who works here",
        description="Everybody with a role, newest account first. For those who may see roles: owners.",
        tags=TAGS,
    )
)
class StaffListView(generics.ListAPIView[User], StaffView):
    """Everybody with a role."""

    serializer_class = StaffSerializer
    orderings = {"-created_at": "-created_at", "created_at": "created_at"}
    default_ordering = "-created_at"
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        return roles.staff()

    @refuses(roles.MayNotGrant, roles.CannotWorkHere, NotFound)
    @extend_schema(
        operation_id="staff_add",
        summary="Take somebody on",
        description=(
            "Gives roles, beside those they have, to the person with this e-mail address. They register first, as everybody"
            " does; an address that nobody has proved to be theirs gets no role (409 `cannot_work_here`)."
        ),
        tags=TAGS,
        request=NewStaffSerializer,
        responses={200: StaffSerializer},
    )
    def post(self, request: Request) -> Response:
        body = NewStaffSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = _found(User.objects.with_email(body.validated_data["email"]))
        roles.add_roles(user=user, roles=body.validated_data["roles"], by=caller(request))
        return self.shown(user.pk)


class StaffDetailView(StaffView):
    """One person."""

    @extend_schema(
        operation_id="staff_retrieve",
        summary="Show somebody who works here",
        description="By the account's id. Somebody without a role is a 404.",
        tags=TAGS,
        responses={200: StaffSerializer},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        return _shown(request, _found(roles.staff().filter(public_id=public_id)))


def _hold(view: StaffView, public_id: UUID) -> str:
    user = _found(User.objects.filter(public_id=public_id))
    return _state(roles.lock_for_edit(user=user, by=caller(view.request)))


class StaffRolesView(StaffView):
    """One person's roles."""

    @refuses(roles.MayNotGrant, roles.CannotWorkHere, roles.LastOwner)
    @extend_schema(
        operation_id="staff_set_roles",
        summary="Set somebody's roles",
        description=(
            "These roles and no other; an empty list ends their work here. It counts at their next request; a letter tells"
            " them. Nobody gives a role that may do more than they may, and the last owner stays (409 `last_owner`)."
        ),
        tags=TAGS,
        request=RolesSerializer,
        responses={200: StaffSerializer},
    )
    @honours_if_match(_hold)
    def put(self, request: Request, public_id: UUID) -> Response:
        body = RolesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = _found(User.objects.filter(public_id=public_id))
        roles.set_roles(user=user, roles=body.validated_data["roles"], by=caller(request))
        return self.shown(user.pk)


def _found(users: QuerySet[User]) -> User:
    user = users.prefetch_related("roles").first()
    if user is None:
        raise NotFound("There is no such person.")
    return user


def _state(user: User) -> str:
    """What a change of roles replaces; signing in is none."""
    return state_of([user.public_id, sorted(row.role for row in user.roles.all())])


def _shown(request: Request, user: User) -> Response:
    return tagged(request, Response(StaffSerializer(user).data), _state(user))
