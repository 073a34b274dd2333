"""The bodies of /api/auth/phone/ and /api/auth/email/."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rest_framework import serializers

from account.known_devices import MOST_CHARACTERS
from account.phone_codes import LIFETIME, PAUSE
from account.serializers import AddressField, DetailSerializer, OtpField, PhoneField
from common.serializers import StrictSerializer

_SIX = re.compile(r"[0-9]{6}")


class CodeField(serializers.CharField):
    """The six digits of an SMS; spaces and hyphens do not matter."""

    default_error_messages = {"invalid": "A code has six digits."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 20, "write_only": True, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        text = unicodedata.normalize("NFKC", super().to_internal_value(data))
        digits = re.sub(r"[\s-]", "", text)
        if not _SIX.fullmatch(digits):
            self.fail("invalid")
        return digits


class VerifierField(serializers.CharField):
    """A secret of the caller's own making, such as `crypto.randomUUID()`: the same with the code as when asking for it."""

    def __init__(self, **kwargs: Any) -> None:
        options = {
            "min_length": 20,
            "max_length": 200,
            "trim_whitespace": False,
            "write_only": True,
        }
        super().__init__(**{**options, **kwargs})


class KnownDeviceField(serializers.CharField):
    """The `device` of an earlier log-in's answer; it opens nothing, and a wrong one is no error."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MOST_CHARACTERS, "allow_blank": True, **kwargs})


class PhoneCodeSerializer(StrictSerializer):
    """Where to send a code."""

    phone = PhoneField()
    verifier = VerifierField(required=False)
    device = KnownDeviceField(required=False)


class PhoneLoginSerializer(StrictSerializer):
    """The code that arrived. The names are taken when it opens an account."""

    phone = PhoneField()
    code = CodeField()
    verifier = VerifierField(required=False)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    otp = OtpField(required=False, allow_blank=True)
    device = KnownDeviceField(required=False)


class OwnNumberSerializer(StrictSerializer):
    """The number to verify."""

    phone = PhoneField()
    verifier = VerifierField(required=False)


class PhoneConfirmSerializer(StrictSerializer):
    """The code that arrived; without a number, for the one that was asked for last."""

    phone = PhoneField(required=False)
    code = CodeField()
    verifier = VerifierField(required=False)


class NewEmailSerializer(StrictSerializer):
    """The address to add, or to put in place of the present one."""

    email = AddressField()


class CodeOnItsWaySerializer(DetailSerializer):
    """What is the same for every number."""

    expires_in = serializers.IntegerField(read_only=True, help_text="Seconds the code works.")
    resend_after = serializers.IntegerField(
        read_only=True, help_text="Seconds until another code can be asked for."
    )


CODE_ON_ITS_WAY = {
    "detail": "If this number can have an SMS from us, a code is on its way.",
    "expires_in": int(LIFETIME.total_seconds()),
    "resend_after": int(PAUSE.total_seconds()),
}
