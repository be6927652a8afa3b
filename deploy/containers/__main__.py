"""`python3 do.py containers`: builds every image, runs the compose stack, screens, kills, restarts, and removes it all.

The stack has a project name, secrets and a port of its own, so it may run beside a stack in use. docs/deployment.md
"""

import argparse
import secrets
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.containers import checks
from deploy.containers.client import Client
from deploy.containers.compose_file import images_of_others, images_to_build
from deploy.containers.debian_bases import build_bases
from deploy.containers.engine import Engine, engine
from deploy.containers.errors import CheckFailed
from deploy.containers.report import Report
from deploy.containers.stack import Stack
from deploy.containers.study import study_to_screen
from engines.triton_command import free_port

BASES = ("python:3.11-slim-bookworm", "node:24-bookworm-slim")  # of our Dockerfiles
MORE = ("prometheus",)  # of the profile observability; Grafana has no check here
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"  # where a build step finds the secret `ca`


def main() -> None:
    """Print the report; exit with 1 when a step failed."""
    options = _options()
    report = Report()
    try:
        _run(options, report)
    except CheckFailed as error:
        print(f"failed: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        print(report.text())
        if options.report:
            options.report.write_text(report.text(), encoding="utf-8")


def _run(options: argparse.Namespace, report: Report) -> None:
    with TemporaryDirectory(prefix="turnstile-containers-") as temporary:
        folder = Path(options.folder or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with engine(options.engine, folder, options.nested, _build_secrets(options, folder)) as chosen:
            port = free_port()
            stack = Stack.read(chosen, f"turnstile-check-{port}", _settings(folder, port), MORE)
            _build(options, report, chosen, stack, folder)
            study = study_to_screen(options.study, folder / "study.zip")
            try:
                _check(report, stack, f"http://127.0.0.1:{port}", study)
            finally:
                if options.keep:
                    print(f"kept: {' '.join(chosen.compose)} --project-name {stack.project} down --volumes removes it")
                else:
                    with report.step("torn down"):
                        if left := stack.down():
                            raise CheckFailed(f"left behind: {left}")


def _build(options: argparse.Namespace, report: Report, chosen: Engine, stack: Stack, folder: Path) -> None:
    others = images_of_others(stack.services)
    if options.bases == "debian":
        with report.step("stand-ins for the images of others"):
            build_bases(chosen, folder, (*BASES, *others))
    for image in images_to_build(stack.services):
        with report.step(f"built {image.name}"):
            chosen.build(image.dockerfile, image.name, pull=options.bases != "debian")
    if options.bases == "pulled":
        for name in others:
            chosen.run([chosen.program, "pull", name], f"pulling {name}")
    named = (*(image.name for image in images_to_build(stack.services)), *others)
    report.images = {name: chosen.size_bytes(name) / 1e6 for name in named}


def _check(report: Report, stack: Stack, url: str, study: Path) -> None:
    with report.step("started"):
        stack.up()
        token = stack.inside("gateway", "turnstile", "token", "create", "check", "--role", "admin").strip()
        client = Client(url, token)
        client.wait_until_ready(checks.READY_S)
    running = checks.Running(stack, client, study)
    for check in checks.ALL:
        with report.step(check.__name__.replace("_", " ")) as seen:
            seen.append(check(running))


def _settings(folder: Path, port: int) -> Path:
    """The variables of this stack: its secrets are new, and its ports are free ones."""
    variables = {
        "COMPOSE_PROFILES": "cpu,observability",
        "TURNSTILE_DB_PASSWORD": secrets.token_hex(24),
        "TURNSTILE_TRITON_SECRET": secrets.token_hex(24),
        "TURNSTILE_PORT": str(port),
        "PROMETHEUS_PORT": str(free_port()),
    }
    path = folder / "stack.env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
    return path


def _build_secrets(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """The files that build steps may read; with certificates alone, pip and npm are told of them."""
    given = {"ca": options.ca, "pip": options.pip_config, "npm": options.npmrc}
    if options.ca:
        told = {"pip": f"[global]\ncert = {CERTIFICATES}\n", "npm": f"cafile={CERTIFICATES}\n"}
        for name, text in told.items():
            if not given[name]:
                given[name] = folder / f"{name}.conf"
                given[name].write_text(text, encoding="utf-8")
    return {name: path.resolve() for name, path in given.items() if path}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="do.py containers", description=__doc__)
    parser.add_argument(
        "--engine", choices=("docker", "podman"), help="default: Docker where its daemon answers, else podman"
    )
    parser.add_argument(
        "--bases",
        choices=("pulled", "debian"),
        default="pulled",
        help="where the images of others come from: their registries, or Debian's packages (mmdebstrap)",
    )
    parser.add_argument(
        "--nested",
        action="store_true",
        help="podman on a machine that is itself a container or sandbox: as root, without systemd",
    )
    parser.add_argument("--folder", type=Path, help="where --nested keeps images; default: a temporary folder")
    parser.add_argument(
        "--study",
        type=Path,
        help="a zip or a folder to screen; default: a study of ../shared, else a synthetic chest with a tumour",
    )
    parser.add_argument("--ca", type=Path, help="certificates that build steps trust: a proxy that re-signs TLS")
    parser.add_argument("--pip-config", type=Path, help="pip.conf for build steps: a package index of the site")
    parser.add_argument("--npmrc", type=Path, help="npmrc for build steps: a registry of the site")
    parser.add_argument("--report", type=Path, help="a file for the report (Markdown)")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")
    return parser.parse_args()


if __name__ == "__main__":
    main()
