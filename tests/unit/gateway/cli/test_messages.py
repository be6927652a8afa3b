"""What a command says: to a person, or, where nobody reads along, into the log."""

import json
import subprocess
import sys

SAID = """
from gateway.cli.messages import console, errors, log_what_is_said
from gateway.telemetry.logs import configure_logs

configure_logs("info")
log_what_is_said()
console.print("[bold]gateway[/]  http://127.0.0.1:8080  " + "x" * 200, highlight=False)
errors.print("stopped\\n", style="dim")
"""


def test_every_line_is_an_object_of_the_log() -> None:
    told = subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True, check=True)
    assert told.stdout == ""
    events = [json.loads(line)["event"] for line in told.stderr.splitlines()]
    assert events == ["gateway  http://127.0.0.1:8080  " + "x" * 200, "stopped"]
