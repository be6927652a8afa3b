"""Queues whose waiting time is known: what the simulation is tested against.

Kleinrock, Queueing Systems I, 1975: M/M/c by Erlang's C (sec. 3.5), M/G/1 by Pollaczek and Khinchine (sec. 5.6).
"""

from math import factorial


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
