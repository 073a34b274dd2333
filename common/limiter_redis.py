"""Counting in Valkey or Redis: one script, which the server runs alone from its first line to its last.

Each key is a hash of `slot → count`, and lives as long as its youngest try is remembered. The keys share a hash tag, so
that a cluster keeps them in one place, where one script may see them all.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import redis

from common.limiter_stores import Verdict, Want
from common.redis_server import ask

PREFIX = "nexus:{limits}:"

SCRIPT = """
local present = tonumber(ARGV[1])
if present < 0 then
    local time = redis.call('TIME')
    present = time[1] * 1000000 + time[2]
end

local refused, found = false, {}
for i, key in ipairs(KEYS) do
    local times, step = tonumber(ARGV[2 * i]), math.ceil(tonumber(ARGV[2 * i + 1]) / 60)
    local now = math.floor(present / step)
    local cells, live, used, over = redis.call('HGETALL', key), {}, 0, {}
    for c = 1, #cells, 2 do
        local slot, count = tonumber(cells[c]), tonumber(cells[c + 1])
        if slot >= now - 60 and slot <= now + 60 then
            live[#live + 1] = {slot, count}
            used = used + count
        else
            over[#over + 1] = cells[c]
        end
    end
    table.sort(live, function(a, b) return a[1] < b[1] end)
    refused = refused or used >= times
    found[i] = {times = times, step = step, now = now, live = live, used = used, over = over}
end

local verdicts = {}
for i, key in ipairs(KEYS) do
    local one, wait = found[i], 0
    if not refused then
        if #one.over > 0 then redis.call('HDEL', key, unpack(one.over)) end
        redis.call('HINCRBY', key, string.format('%d', one.now), 1)
        redis.call('PEXPIREAT', key, string.format('%d', math.ceil((one.now + 61) * one.step / 1000) + 1))
        one.used = one.used + 1
    elseif one.used >= one.times then
        local rest = one.used
        for _, cell in ipairs(one.live) do
            rest = rest - cell[2]
            if rest < one.times then
                wait = (cell[1] + 61) * one.step - present
                break
            end
        end
    end
    local oldest = one.live[1] and one.live[1][1] or (not refused and one.now)
    verdicts[i] = {one.used, wait, oldest and (oldest + 61) * one.step - present or 0}
end
return verdicts
"""


def decide(wants: Sequence[Want], *, at: int | None = None) -> list[Verdict] | None:
    """Spend all or none, as `limiter_postgres.decide` does; None when the server cannot be asked."""
    keys = [PREFIX + want.key for want in wants]
    numbers = [number for want in wants for number in (want.times, want.span)]

    def question(client: redis.Redis) -> Any:
        return _script(client)(keys=keys, args=[-1 if at is None else at, *numbers])

    rows = ask(question)
    return None if rows is None else [Verdict(*map(int, row)) for row in rows]


def forget(keys: Sequence[str]) -> None:
    """Delete the counters of these keys, if the server can be asked."""
    ask(lambda client: client.delete(*[PREFIX + key for key in keys]))


@functools.lru_cache(maxsize=4)
def _script(client: redis.Redis) -> Any:
    return client.register_script(SCRIPT)
