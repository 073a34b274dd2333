"""The bodies of /api/auth/."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.backends import permissions_for, roles_for
from account.hashers import normalise_password
from account.identifiers import email_key, has_one_spelling, with_ascii_domain
from account.models import Role, User
from common.phones import normalise_phone
from common.serializers import StrictModelSerializer, StrictSerializer


class AddressField(serializers.EmailField):
    """An e-mail address that a mail server can be given: ASCII before the `@`, and made ASCII after it."""

    default_error_messages = {
        "local_part": "Only plain letters, digits and signs may stand before the @.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        if isinstance(value, str) and value:
            local, _, domain = value.rpartition("@")
            if not local.isascii() or '"' in local:
                self.fail("local_part")
            if len(email_key(value)) > 254:
                self.fail("max_length", max_length=254)
            try:
                domain.encode("idna")
            except UnicodeError:
                self.fail("invalid")
            if not has_one_spelling(value):
                self.fail("invalid")
            value = with_ascii_domain(value)
        return value


class PasswordField(serializers.CharField):
    """A password of up to 128 characters, spaces included, in one Unicode spelling (NFKC)."""

    def __init__(self, **kwargs: Any) -> None:
        style = {"input_type": "password"}
        defaults = {"max_length": 128, "trim_whitespace": False, "write_only": True, "style": style}
        super().__init__(**{**defaults, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        return normalise_password(super().to_internal_value(data))


class PhoneField(serializers.CharField):
    """A phone number: `0911234567`, `0711234567` or international; stored and shown as `+251911234567`."""

    default_error_messages = {"invalid_phone": "This is not a phone number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 32, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalise_phone(super().to_internal_value(data))
        except ValueError:
            self.fail("invalid_phone")


class EmailTokenField(serializers.CharField):
    """The token of a letter's link."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 200, "write_only": True, **kwargs})


class OtpField(serializers.CharField):
    """A code of an authenticator app (six digits), or a recovery code; spaces and hyphens do not matter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40, "write_only": True, **kwargs})


class RegistrationSerializer(StrictSerializer):
    """Who wants an account."""

    email = AddressField()
    password = PasswordField()
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    phone = PhoneField(required=False, allow_null=True)


class EmailSerializer(StrictSerializer):
    """An address, known or not."""

    email = AddressField()


class EmailTokenSerializer(StrictSerializer):
    """The token of a verification letter."""

    token = EmailTokenField()


class NewPasswordSerializer(StrictSerializer):
    """The token of a reset letter, and the password to set."""

    token = EmailTokenField()
    new_password = PasswordField()


class PasswordChangeSerializer(StrictSerializer):
    """The present password, and the next. After a sign-in by phone code the present one may be left out."""

    old_password = PasswordField(required=False)
    new_password = PasswordField()


class LoginSerializer(StrictSerializer):
    """Address, or verified phone number, and password."""

    email = serializers.EmailField(max_length=254, required=False)
    phone = PhoneField(required=False)
    password = PasswordField()
    otp = OtpField(required=False, allow_blank=True)
    device = serializers.CharField(
        required=False, max_length=300, help_text="The `device` of an earlier log-in's answer."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("email" in attrs) == ("phone" in attrs):
            raise serializers.ValidationError(
                {"email": ["Give either an e-mail address or a phone number."]}, code="required"
            )
        return attrs


class RefreshTokenField(serializers.CharField):
    """A refresh token. Any other text is none: what does not verify is refused as such, not as a field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "write_only": True, **kwargs})
        self.validators = []


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = RefreshTokenField()


class ProfileSerializer(StrictModelSerializer):
    """A user as they see themselves. Only names and phone can be changed here."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    phone = PhoneField(required=False, allow_null=True)
    roles = serializers.SerializerMethodField(
        help_text="Of staff, else empty. A superuser is an owner."
    )
    permissions = serializers.SerializerMethodField(
        help_text="What the roles allow (docs/roles.md), so that a front end hides what would be refused."
    )

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "email_verified_at",
            "phone",
            "phone_verified_at",
            "first_name",
            "last_name",
            "is_staff",
            "roles",
            "permissions",
            "created_at",
        ]
        read_only_fields = [
            "email", "email_verified_at", "phone_verified_at", "is_staff", "created_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(Role.choices)))
    def get_roles(self, user: User) -> list[str]:
        has = {Role.OWNER.value} if user.is_superuser else roles_for(user)
        return [role.value for role in Role if role in has]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_permissions(self, user: User) -> list[str]:
        return sorted(permissions_for(user))


class DetailSerializer(serializers.Serializer[Any]):
    """One sentence for a person."""

    detail = serializers.CharField(read_only=True)


class PasswordSetSerializer(DetailSerializer):
    """The password is set; `device` goes with the log-in that follows."""

    device = serializers.CharField(read_only=True)


class TokenPairSerializer(serializers.Serializer[Any]):
    """An access token for ten minutes, and the refresh token that replaces it."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class SignedInSerializer(TokenPairSerializer):
    """A token pair and whose it is."""

    user = ProfileSerializer(read_only=True)
    device = serializers.CharField(
        read_only=True,
        help_text=(
            "Send it back with later log-ins from this device, for 180 days. It opens nothing: it only keeps those who guess"
            " at this account from using up what its owner may try."
        ),
    )
