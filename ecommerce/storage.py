"""Pictures in an S3-compatible store (AWS, R2, Spaces, MinIO, Garage …). Imported only where MEDIA_STORAGE_URL says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

# Two tries of at most 2 + 6 seconds each: a caller has an answer before the web server gives up on the request.
TIMES = {"connect_timeout": 2, "read_timeout": 6, "retries": {"total_max_attempts": 2, "mode": "standard"}}  # fmt: skip
KEPT = "public, max-age=31536000, immutable"  # names are used once


class ObjectStorage(S3Storage):
    """A bucket that everybody may read, at a public address, without signatures.

    Whatever goes wrong with it is an OSError, as with a folder: callers need not know where files live.
    """

    def __init__(self, *, base_url: str, path_style: bool, **options: Any) -> None:
        self.base_url = base_url
        super().__init__(
            **options,
            client_config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if path_style else "virtual"},
                # Checksums that not every store knows are sent only where S3 demands them.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **TIMES,
            ),
            transfer_config=TransferConfig(use_threads=False),
            object_parameters={"CacheControl": KEPT},
            default_acl=None,
            querystring_auth=False,
            file_overwrite=True,  # names are ours and unique: no need to ask first
        )

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The public address; nothing is asked of the store."""
        return f"{self.base_url}/{quote(name.lstrip('/'))}"

    def open(self, name: str, mode: str = "rb") -> File:
        """The file, read whole: what we keep is small."""
        with _as_os_errors(), super().open(name, mode) as file:
            content = file.read()
        return ContentFile(content, name)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Store a file."""
        with _as_os_errors():
            return str(super().save(name, content, max_length))

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        with _as_os_errors():
            super().delete(name)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        with _as_os_errors():
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """The folders and files in a folder."""
        with _as_os_errors():
            folders, files = super().listdir(name)
        return list(folders), list(files)

    def size(self, name: str) -> int:
        """Bytes."""
        with _as_os_errors():
            return int(super().size(name))

    def get_modified_time(self, name: str) -> datetime:
        """When the file was written."""
        with _as_os_errors():
            moment: datetime = super().get_modified_time(name)
        return moment


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            raise FileNotFoundError(str(error)) from error
        raise OSError(f"the object store refused: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(f"the object store does not answer: {error}") from error
