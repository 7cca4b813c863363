"""Waiting for one of several servers: the formulas of Erlang (1917).

Assumed: arrivals at random (Poisson) at a steady rate, stays of exponential length, nobody turns away, one queue. Cars
at chargers come close to the first at busy hours, less to the others; so what follows is an estimate, told as one.
"""

MOST_SERVERS = 10_000


def erlang_b(servers: int, load: float) -> float:
    """The share of arrivals that find all servers taken and leave.

    `load` in erlangs: how many would be taken on average if there were always enough.

    By the recursion B(0) = 1, B(n) = load B(n-1) / (n + load B(n-1)), which neither overflows nor cancels.
    """
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """The share of arrivals that have to wait; 1 where the load is not below the number of servers."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait_s(servers: int, load: float, stay_s: float) -> float | None:
    """How long an arrival waits on average, those that do not wait at all included; None: the queue only grows."""
    if load >= servers:
        return None
    return erlang_c(servers, load) * stay_s / (servers - load)


def servers_for(load: float, stay_s: float, target_s: float, *, at_least: int = 1) -> int:
    """The fewest servers with which the mean wait is at most `target_s`, which is above 0."""
    servers = max(at_least, int(load) + 1)
    blocked = erlang_b(servers, load)
    while servers < MOST_SERVERS:
        waits = blocked / (1 - load / servers * (1 - blocked))
        if waits * stay_s / (servers - load) <= target_s:
            break
        servers += 1
        blocked = load * blocked / (servers + load * blocked)
    return servers
