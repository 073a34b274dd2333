"""Django's cache in Redis or Valkey, which is allowed to be away: then nothing is found and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.redis import RedisCache

from common.redis_server import guarded, options


class PatientRedisCache(RedisCache):
    """RedisCache that is an empty cache while its server is away, slow or failing."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**options(), **params.get("OPTIONS", {})}})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return guarded(lambda: super(PatientRedisCache, self).add(*args, **kwargs), False)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return guarded(lambda: super(PatientRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        guarded(lambda: super(PatientRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return guarded(lambda: super(PatientRedisCache, self).touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return guarded(lambda: super(PatientRedisCache, self).delete(*args, **kwargs), False)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return guarded(lambda: super(PatientRedisCache, self).get_many(keys, version), {})

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return guarded(lambda: super(PatientRedisCache, self).has_key(*args, **kwargs), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """As Django documents it, a key that is not there is a ValueError; so is a server that is not there."""
        found = guarded(lambda: super(PatientRedisCache, self).incr(key, delta, version), None)
        if found is None:
            raise ValueError(f"Key '{key}' not found.")
        return found

    def set_many(self, data: dict[Any, Any], *args: Any, **kwargs: Any) -> list[Any]:
        failed = list(data)
        return guarded(
            lambda: super(PatientRedisCache, self).set_many(data, *args, **kwargs), failed
        )

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        guarded(lambda: super(PatientRedisCache, self).delete_many(*args, **kwargs), None)

    def clear(self) -> None:
        guarded(lambda: super(PatientRedisCache, self).clear(), None)
