"""Shards hold each key once, and steps come in the order in which their keys are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.manners import (
    OVERALL,
    PER_ADDRESS,
    PER_NETWORK,
    WEB_ADDRESS,
    WEB_NETWORK,
    Limit,
)
from crawler.shards import MOST, WHOLE, Shard, ShardFault, read, steps


@given(st.text(), st.integers(1, 9), st.integers(1, 9))
def test_every_key_is_held_by_exactly_one_part_of_one_shard(key: str, shards: int, workers: int) -> None:
    holders = [
        (shard, worker)
        for shard in range(1, shards + 1)
        for worker in range(1, workers + 1)
        if Shard(shard, shards).part(worker, workers).holds(key)
    ]
    assert len(holders) == 1
    (shard, _), *_ = holders
    assert Shard(shard, shards).holds(key)


def test_shards_are_about_of_one_size() -> None:
    keys = [f"name{n}.nl" for n in range(8_000)]
    sizes = [sum(map(Shard(index, 4).holds, keys)) for index in range(1, 5)]
    assert sum(sizes) == 8_000
    assert max(sizes) - min(sizes) < 300
    assert all(map(WHOLE.holds, keys))


@pytest.mark.parametrize("limit", [PER_ADDRESS, PER_NETWORK, OVERALL, WEB_ADDRESS, WEB_NETWORK])
def test_what_all_workers_may_ask_of_a_server_is_never_more_than_what_one_may(limit: Limit) -> None:
    for workers in range(1, MOST + 1):
        part = limit.part(workers)
        assert part.rate * workers <= limit.rate * 1.000001
        assert part.in_flight * workers <= limit.in_flight


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/", "a/b", "1/2/3", "-1/2", f"1/{MOST + 1}", "01/2", ""])
def test_a_text_that_names_no_shard_is_told(text: str) -> None:
    with pytest.raises(ShardFault):
        read(text)


def test_a_shard_is_read_and_shown_alike() -> None:
    assert str(read("2/16")) == "2/16"
    assert read("1/1") == WHOLE


def test_a_second_look_at_the_domains_comes_after_all_that_the_first_one_named() -> None:
    assert [f"{step.table} {step.look}" for step in steps(("domains", "hosts", "zones"), 2)] == [
        "domains 1", "hosts 1", "zones 1", "domains 2", "hosts 1", "hosts 2", "zones 1", "zones 2",
    ]  # fmt: skip
