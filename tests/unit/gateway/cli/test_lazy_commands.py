"""Each command is the one that its group promises, and nothing is imported for a command that is not called."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from gateway.cli import app as root
from gateway.cli import pacs
from gateway.cli.app import app
from gateway.cli.lazy_commands import LazyCommand

GROUPS: Final = {"": root.Commands.lazy, "pacs ": pacs.Commands.lazy}
LAZY: Final = {f"{prefix}{command.name}": command for prefix, lazy in GROUPS.items() for command in lazy}

SERVER: Final = ("fastapi", "uvicorn", "gateway.main")
NETWORK: Final = ("pynetdicom", "dicomweb_client", "highdicom", "pydicom.sr")
NETWORKS: Final = ("tritonclient", "grpc", "gateway.screening.pipeline", "scipy", "cv2", "pydicom", "nibabel")
RECORDS: Final = ("sqlalchemy", "psycopg", "procrastinate")
RARE: Final = ("scipy.stats", "scipy.optimize", "nibabel", "fpdf", "xlsxwriter", "highdicom", "pydicom.sr", "alembic")
ALL: Final = (*SERVER, *NETWORK, *NETWORKS, *RECORDS, *RARE, "aiohttp")


@pytest.mark.parametrize("name", LAZY)
def test_the_summary_is_the_first_paragraph_of_the_help(name: str) -> None:
    command = LAZY[name].load()
    assert command.name == LAZY[name].name
    assert LAZY[name].help == " ".join(command.help.split("\n\n")[0].split())


@pytest.mark.parametrize("name", [name for name in LAZY if name not in ("export", "train", "bench")])
def test_each_command_prints_its_own_help(name: str) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert f"Usage: root {name} " in shown.output
    shown_params = [param for param in LAZY[name].load().params if not param.hidden]
    options = [option for param in shown_params for option in param.opts if option.startswith("--")]
    assert [option for option in options if option not in shown.output] == []


def test_the_help_lists_every_command_in_order() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    listed = [line.split()[1] for line in shown.splitlines() if line.startswith("│ ") and line[2].islower()]
    assert listed == [command.name for command in root.Commands.lazy]
    assert "Usage: root [OPTIONS] COMMAND [ARGS]..." in CliRunner().invoke(app, []).output


def test_an_unknown_command_is_told_what_is_like_it() -> None:
    for words, meant in ((["screeen"], "screen"), (["tokens"], "token"), (["pacs", "lisen"], "listen")):
        refused = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        assert refused.exit_code == 2
        assert f"No such command '{words[-1]}'. Did you mean '{meant}'" in refused.stderr


def test_the_version_is_printed() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output.split()[0]) == (0, "turnstile")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("turnstile s", ["screen", "session", "settings", "switch"]),
        ("turnstile pacs l", ["listen"]),
        ("turnstile pacs screen --ur", ["--urgent"]),
        ("turnstile token cr", ["create"]),
        ("turnstile token create --role ra", ["radiologist"]),
        ("turnstile worker --at", ["--at-once"]),
    ],
)
def test_completion_offers(typed: str, offered: list[str]) -> None:
    environ = {"_TURNSTILE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    completed = CliRunner().invoke(app, [], env=environ, prog_name="turnstile")
    assert sorted(completed.output.split()) == offered


def test_a_walk_over_the_commands_finds_every_one() -> None:
    """As a generator of documentation does it."""
    names = {" ".join(path) for path, _ in _walk(typer.main.get_command(app), ())}
    assert {"up", "token create", "token list", "pacs rules set", "pacs listen", "audit verify"} <= names
    assert len(names) > 30


def test_options_of_packages_of_their_own_are_forwarded() -> None:
    for name in ("export", "train", "bench"):
        command = LAZY[name].load()
        assert command.context_settings == {"allow_extra_args": True, "ignore_unknown_options": True}
        assert not command.add_help_option


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("run('--version')", ALL),
        ("run('--help')", ALL),
        ("run('pacs', '--help')", ALL),
        ("import gateway.cli.token", (*SERVER, *NETWORK, *NETWORKS, *RARE, "aiohttp", "procrastinate")),
        ("import gateway.cli.audit", (*SERVER, *NETWORK, *NETWORKS, *RARE, "aiohttp", "procrastinate")),
        ("import gateway.cli.migrate", (*SERVER, *NETWORK, *NETWORKS, *RARE, "aiohttp", "procrastinate")),
        ("import gateway.cli.screen", (*SERVER, *NETWORK, *RARE, "psycopg")),
        ("import gateway.cli.worker", (*SERVER, *RARE, "aiohttp")),
        ("import gateway.cli.pacs_listen", (*SERVER, *RARE, "aiohttp", "tritonclient")),
        ("import gateway.cli.pacs_send", (*SERVER, *RARE, "aiohttp")),
        ("import gateway.cli.up", (*RARE, "aiohttp")),
        ("import screening.preparation, gateway.viewing.rendering", (*SERVER, *NETWORK, *RECORDS, *RARE, "pydantic")),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, absent: tuple[str, ...]) -> None:
    """In a process of its own; `run` calls the command line as the console script does."""
    run = "import sys\nfrom gateway.cli import main\ndef run(*words):\n    sys.argv[1:] = words\n    main()\n"
    report = "import atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr, sep='\\n'))\n"
    program = [sys.executable, "-c", f"{run}{report}{code}"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    imported = set(done.stderr.splitlines())
    assert "gateway.cli" in imported
    assert sorted(imported & set(absent)) == []


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(command, LazyCommand):
        command = command.load()
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from _walk(command.get_command(context, name), (*path, name))
