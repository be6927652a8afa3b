"""`turnstile` with a wall clock that a test moves: `python -m tests.integration.chaos.with_moved_clock up`.

The variable `OFFSET_FILE` names a file with the hours that the clock is off, read again every `EVERY_S` seconds.
Monotonic clocks go on, as when NTP corrects a clock.
"""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import time_machine

from gateway.cli import main

OFFSET_FILE: Final = "TURNSTILE_TEST_CLOCK"
EVERY_S: Final = 0.1


def follow(file: Path) -> None:
    """Move the clock of this process as the file says, for ever."""
    now, moved = 0, None
    while True:
        if (hours := int(file.read_text())) != now:
            if moved is not None:
                moved.stop()
            moved = time_machine.travel(timedelta(hours=hours), tick=True) if hours else None
            if moved is not None:
                moved.start()
            now = hours
        time.sleep(EVERY_S)


if __name__ == "__main__":
    threading.Thread(target=follow, args=[Path(os.environ[OFFSET_FILE])], name="clock", daemon=True).start()
    main()
