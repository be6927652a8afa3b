"""`turnstile pacs rules`: which studies are screened and where results go, as JSON."""

import getpass
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from gateway.auth.local_admin import command_line_admin
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, run_and_exit
from gateway.cli.records import open_records
from gateway.pacs.routing.api.tried_studies import TriedStudies
from gateway.pacs.routing.dry_run import MAX_STUDIES, DryRun
from gateway.pacs.routing.rule import RuleTable
from gateway.pacs.routing.rule_tables import RuleTables
from gateway.principal import Principal
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

STANDARD_INPUT: Final = Path("-")
RulesFile = Annotated[Path, typer.Argument(help="JSON as `show` prints it; - is the standard input.", allow_dash=True)]

rules = typer.Typer(help="Rules: which studies are screened, with what priority, and where results go.")


@rules.command()
def show(institution: InstitutionOption = None) -> None:
    """Print the rules in force, in order."""
    settings, by = _context(institution)

    async def read() -> int:
        async with open_records(settings) as store:
            in_force = await RuleTables(store.database).read(by)
        typer.echo(RuleTable(rules=in_force.rules).model_dump_json(indent=2))
        return 0

    run_and_exit(read())


@rules.command("set")
def set_(file: RulesFile, institution: InstitutionOption = None) -> None:
    """Put the rules of a file in force, in place of all others."""
    settings, by = _context(institution)
    table = _read(file)

    async def replace() -> int:
        async with open_records(settings) as store:
            await RuleTables(store.database).replace(by, table, None, None)
        console.print(f"{len(table.rules)} rules are in force for {by.institution}", style="green", markup=False)
        return 0

    run_and_exit(replace())


@rules.command("try")
def try_(
    file: RulesFile,
    studies: Annotated[int, typer.Option(min=1, max=MAX_STUDIES, help="How many of the last studies.")] = 50,
    institution: InstitutionOption = None,
) -> None:
    """Print what the rules of a file would do with the last studies; nothing is changed."""
    settings, by = _context(institution)
    table = _read(file)

    async def dry_run() -> int:
        async with open_records(settings) as store:
            tried = await DryRun(store.database).run(by, table, studies, None)
        typer.echo(TriedStudies.of(tried).model_dump_json(indent=2))
        return 0

    run_and_exit(dry_run())


def _context(institution: str | None) -> tuple[Settings, Principal]:
    configure_logs("error")
    settings = Settings()
    return settings, command_line_admin(getpass.getuser(), institution or settings.institution)


def _read(file: Path) -> RuleTable:
    """The rules of the file; a message says of each fault where it is."""
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else file.read_text("utf-8")
        return RuleTable.model_validate_json(text)
    except (OSError, UnicodeError) as error:
        raise typer.BadParameter(f"it cannot be read: {error}", param_hint="FILE") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
        raise typer.BadParameter("\n".join(faults), param_hint="FILE") from error
