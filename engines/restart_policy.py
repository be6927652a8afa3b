"""When a server that ended is restarted, and when it is given up."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RestartPolicy:
    """Delays double from `initial_delay_s` to `max_delay_s`; more than `max_exits` in `window_s` end the restarts."""

    initial_delay_s: float = 0.5
    max_delay_s: float = 30.0
    max_exits: int = 5
    window_s: float = 300.0


@dataclass
class RestartHistory:
    """The exits of one server within the window; `count` is the number of restarts so far."""

    policy: RestartPolicy
    count: int = 0
    _exits_s: deque[float] = field(default_factory=deque)

    def delay_s(self, now_s: float) -> float | None:
        """Record an exit at `now_s` (monotonic); return the delay before the next start, None to give up."""
        self._exits_s.append(now_s)
        while now_s - self._exits_s[0] > self.policy.window_s:
            self._exits_s.popleft()
        if len(self._exits_s) > self.policy.max_exits:
            return None
        self.count += 1
        return min(self.policy.initial_delay_s * 2.0 ** (len(self._exits_s) - 1), self.policy.max_delay_s)
