"""What docker-compose says of docker-compose.yml: the images to build, and who has a health check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Services = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Image:
    """An image of ours: its name with the tag, and the Dockerfile that makes it."""

    name: str
    dockerfile: str


def chosen(config: Mapping[str, Any], profiles: Iterable[str], more: Iterable[str] = ()) -> Services:
    """The services of `docker-compose config` that these profiles start, and those named in `more`.

    A KeyError names a service of `more` that the file does not have.
    """
    wanted, services = set(profiles), config["services"]
    started = {name: one for name, one in services.items() if wanted & set(one.get("profiles", []))}
    return started | {name: services[name] for name in more}


def images_to_build(services: Services) -> tuple[Image, ...]:
    """One for each image that a service builds, in the file's order."""
    built = (one for one in services.values() if "build" in one)
    return tuple(dict.fromkeys(Image(one["image"], one["build"]["dockerfile"]) for one in built))


def images_of_others(services: Services) -> tuple[str, ...]:
    """The names of the images that the file takes from a registry."""
    ours = {image.name for image in images_to_build(services)}
    return tuple(dict.fromkeys(one["image"] for one in services.values() if one["image"] not in ours))


def checked_by_the_engine(services: Services) -> tuple[str, ...]:
    """The services with a health check of their own in the file, which others may wait for."""
    return tuple(name for name, one in services.items() if "test" in one.get("healthcheck", {}))


def lasting(services: Services) -> tuple[str, ...]:
    """The services that run until they are stopped, as the restart policy says."""
    return tuple(name for name, one in services.items() if one.get("restart") == "unless-stopped")


def qualified(image: str) -> str:
    """The name with its registry, which podman wants: busybox:1.37 is docker.io/library/busybox:1.37."""
    first, _, rest = image.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if rest else f"docker.io/library/{image}"
