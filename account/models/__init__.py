"""Who: people, their sessions, codes, roles, keys and addresses."""

from account.models.addresses import Address
from account.models.api_keys import ApiKey, ApiKeySecret
from account.models.email_tokens import EmailToken
from account.models.groups import CustomerGroup
from account.models.people import EmailKeyField, User, UserManager
from account.models.phone_codes import PhoneCode
from account.models.roles import Role, UserRole
from account.models.second_factors import RecoveryCode, SecondFactor
from account.models.sessions import Session

__all__ = [
    "Address",
    "ApiKey",
    "ApiKeySecret",
    "CustomerGroup",
    "EmailKeyField",
    "EmailToken",
    "PhoneCode",
    "RecoveryCode",
    "Role",
    "SecondFactor",
    "Session",
    "User",
    "UserManager",
    "UserRole",
]
