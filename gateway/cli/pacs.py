"""`turnstile pacs`: the hospital's network. One file a command, `gateway/cli/pacs_*.py`."""

import typer

from gateway.cli.lazy_commands import LazyCommand, LazyGroup


class Commands(LazyGroup):
    """The commands in the order of the help."""

    lazy = (
        LazyCommand(
            "listen",
            "gateway.cli.pacs_listen:listen",
            "Receive studies by C-STORE until Ctrl-C or SIGTERM; complete ones become scans in the gateway's queue.",
        ),
        LazyCommand(
            "find",
            "gateway.cli.pacs_archives:find",
            "Find studies in an archive: date, modalities, instances, accession number, description and UID.",
        ),
        LazyCommand(
            "pull",
            "gateway.cli.pacs_archives:pull",
            "Fetch whole studies into a folder: one folder a study, named by its UID, "
            "which appears when it is complete.",
        ),
        LazyCommand(
            "screen",
            "gateway.cli.pacs_screen:screen",
            "Fetch studies from an archive into the durable queue; workers analyse them, "
            "`turnstile results` shows the rows.",
        ),
        LazyCommand(
            "send",
            "gateway.cli.pacs_send:send",
            "Send results until Ctrl-C, beside other senders; with --scan and --to one result, also one sent before.",
        ),
        LazyCommand(
            "destinations",
            "gateway.cli.pacs_send:destinations",
            "List the destinations of results: what waits, what was sent today, what failed.",
        ),
        LazyCommand(
            "rules",
            "gateway.cli.pacs_rules:rules",
            "Rules: which studies are screened, with what priority, and where results go.",
        ),
    )


pacs = typer.Typer(cls=Commands, help="The hospital's network: studies from the PACS, and results back to it.")
