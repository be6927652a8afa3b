"""Opens an archive of the settings by its name, with its credentials from the environment."""

import os
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager

import httpx

from gateway.pacs.archives.archive import Archive
from gateway.pacs.archives.dicomweb_archive import open_dicomweb_archive
from gateway.pacs.archives.dimse_archive import open_dimse_archive
from gateway.pacs.archives.errors import ArchiveRefused, UnknownArchive
from gateway.pacs.archives.request_schedule import RequestSchedule
from gateway.settings.archives import AnyArchiveSettings, DicomwebArchiveSettings, DimseArchiveSettings


@asynccontextmanager
async def open_archive(archives: Mapping[str, AnyArchiveSettings], name: str) -> AsyncIterator[Archive]:
    """The archive of this name until the block ends; raises UnknownArchive, and ArchiveRefused without its secret."""
    settings = archives.get(name)
    if settings is None:
        known = ", ".join(sorted(archives)) or "none"
        raise UnknownArchive(f"TURNSTILE_PACS_ARCHIVES names no archive {name!r}; it has: {known}")
    schedule = RequestSchedule(settings.rate, settings.hours)
    if isinstance(settings, DimseArchiveSettings):
        async with open_dimse_archive(name, settings, schedule) as dimse:
            yield dimse
    else:
        async with open_dicomweb_archive(name, settings, _authentication(settings), schedule) as dicomweb:
            yield dicomweb


class _Token(httpx.Auth):
    """A bearer token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _authentication(settings: DicomwebArchiveSettings) -> httpx.Auth | None:
    if settings.user is not None and settings.password_variable is not None:
        return httpx.BasicAuth(settings.user, _secret(settings.password_variable))
    if settings.token_variable is not None:
        return _Token(_secret(settings.token_variable))
    return None


def _secret(variable: str) -> str:
    secret = os.environ.get(variable)
    if not secret:
        raise ArchiveRefused(f"the environment variable {variable} has no secret for the archive")
    return secret
