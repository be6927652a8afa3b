"""Queues with a known waiting time, for the tests of the simulation.

Kleinrock, Queueing Systems I, 1975: M/M/c by Erlang's C (sec. 3.5), M/G/1 by Pollaczek and Khinchine (sec. 5.6).
"""

from math import factorial
from typing import Final

PRECISE: Final = 1e-9


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival waits at `servers` servers offered `load` = arrival rate x service time."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def mmc_wait_s(rate: float, service_s: float, servers: int) -> float:
    """Mean wait with Poisson arrivals and exponential service times."""
    load = rate * service_s
    return erlang_c(servers, load) * service_s / (servers - load)


def md1_wait_s(rate: float, service_s: float) -> float:
    """Mean wait with Poisson arrivals and one server that always takes the same time: half of M/M/1's."""
    load = rate * service_s
    return load * service_s / (2 * (1 - load))


def load_where_waits_are(share: float, servers: int) -> float:
    """The offered load at which the mean wait is this share of the service time, found by halving."""
    low, high = 0.0, float(servers)
    while high - low > PRECISE:
        load = (low + high) / 2
        low, high = (load, high) if mmc_wait_s(load, 1.0, servers) < share else (low, load)
    return low
