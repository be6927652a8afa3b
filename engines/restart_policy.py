"""When a server that died is started again, and when no more."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RestartPolicy:
    """Waits double from `first_delay_s` to `longest_delay_s`; more than `deaths` within `window_s` is the end."""

    first_delay_s: float = 0.5
    longest_delay_s: float = 30.0
    deaths: int = 5
    window_s: float = 300.0


@dataclass
class Restarts:
    """The deaths of one server so far. A death that is older than the window is forgotten."""

    policy: RestartPolicy
    count: int = 0
    _deaths_s: deque[float] = field(default_factory=deque)

    def delay_s(self, now_s: float) -> float | None:
        """Record a death at `now_s` (monotonic); return how long to wait before the next start, None to give up."""
        self._deaths_s.append(now_s)
        while now_s - self._deaths_s[0] > self.policy.window_s:
            self._deaths_s.popleft()
        if len(self._deaths_s) > self.policy.deaths:
            return None
        self.count += 1
        return min(self.policy.first_delay_s * 2.0 ** (len(self._deaths_s) - 1), self.policy.longest_delay_s)
