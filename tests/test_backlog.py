"""What is left of a stage's keys is the same, in the same order, whether it stands in memory or on the disk."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import backlog
from crawler.store import StoreFault

_keys = st.lists(st.text("abc-.1\u00e9 \r\u2028'", min_size=1, max_size=6), max_size=40)


@given(_keys, st.lists(_keys, max_size=3), st.text(max_size=4))
@settings(max_examples=40, deadline=None)
def test_both_ways_come_to_the_same(keys: list[str], seen: list[list[str]], seed: str) -> None:
    with backlog.opened(keys, seen, seed) as here, backlog.opened(keys, seen, seed, many=0) as there:
        assert list(here) == list(there) == list(there)
        assert set(here) == set(keys) - set(chain.from_iterable(seen))
        assert len(here) == len(there) == len(set(here))
        assert here.total == there.total == len(set(keys))


@pytest.mark.parametrize("many", [backlog.MANY, 100])
def test_keys_of_many_parts_come_once_each(many: int) -> None:
    size = 3 * backlog.HELD * 16 + 1
    keys = (f"{number % size}.nl" for number in range(2 * size))
    seen = ([f"{number}.nl"] for number in range(0, size, 3))
    with backlog.opened(keys, seen, "0", many) as left:
        found = list(left)
    assert len(found) == len(left) == size - (size + 2) // 3
    assert set(found) == {f"{number}.nl" for number in range(size) if number % 3}


def test_the_order_is_the_seeds_and_not_that_of_the_list() -> None:
    keys = [f"{number}.nl" for number in range(200)]
    with backlog.opened(keys, (), "0") as one, backlog.opened(reversed(keys), (), "0") as same:
        assert list(one) == list(same)
    with backlog.opened(keys, (), "1") as other:
        assert sorted(other) == sorted(one)
        assert list(other) != list(one)
    moved = sum(abs(at - keys.index(key)) for at, key in enumerate(one)) / len(keys)
    assert moved > 40  # of a shuffled list a third of its length, of a sorted one nothing


def test_what_was_stopped_goes_on_in_the_same_order() -> None:
    keys = [f"{number}.nl" for number in range(50)]
    with backlog.opened(keys, (), "7") as left:
        whole = list(left)
    with backlog.opened(keys, [whole[:20]], "7") as rest:
        assert list(rest) == whole[20:]
        assert rest.total == 50


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with backlog.opened(["a.nl", "b.nl"], (), "0", many=1) as left:
        assert {path.name for path in tmp_path.glob("*/*")} == {f"keys-{number}" for number in range(backlog.BUCKETS)}
        assert len(list(left)) == 2
    assert list(tmp_path.iterdir()) == []


def test_no_room_on_the_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with (
        pytest.raises(StoreFault, match=r"gone: No such file or directory; set TMPDIR .* the same command resumes$"),
        backlog.opened(["a.nl"], (), "0", many=0),
    ):
        pass


def test_what_fails_while_it_is_open_is_not_blamed_on_the_disk() -> None:
    with pytest.raises(OSError, match="elsewhere"), backlog.opened(["a.nl"], (), "0", many=0):
        raise OSError(errno.ENETDOWN, "elsewhere")


def test_a_key_with_a_line_end_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="line end"), backlog.opened(["a.nl", "b\nc"], (), "0", many=0):
        pass


def test_keys_that_cannot_be_told_are_no_keys() -> None:
    def broken() -> Iterator[str]:
        yield "a.nl"
        raise StoreFault("the parts cannot be read")

    for many in (0, 10):
        with pytest.raises(StoreFault, match="the parts cannot be read"), backlog.opened(broken(), (), "0", many):
            pass
