"""What a stage has yet to do: its keys less those that have a row, in an order that the seed alone decides.

Neighbours in a list are often neighbours at one operator, so keys are taken in the order of a hash. Up to `MANY` keys
stand in memory; more lie on the disk (TMPDIR), in `BUCKETS` files by the beginning of that hash, of which one at a time
is put in order: fifty million took 122 MiB. Both ways come to the same order.
Which keys a stage has is told by ``scan``, which of them have a row by ``store``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import md5
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from crawler.store import StoreFault

MANY = 1 << 18  # keys in memory, of about 130 octets each
BUCKETS = 256  # one for each first octet
HELD = 1 << 10  # keys of a bucket that wait to be written


class Backlog:
    """Keys without a row, each once; iterate as often as you like while it is open."""

    def __init__(
        self, total: int, left: int, begin: Callable[[], Iterator[str]], place: Callable[[str], bytes]
    ) -> None:
        self.total = total  # keys that there are, with a row or without
        self.place = place  # where a key stands in the order, one of these or another
        self._left = left
        self._begin = begin

    def __len__(self) -> int:
        return self._left

    def __iter__(self) -> Iterator[str]:
        return self._begin()


@contextmanager
def opened(keys: Iterable[str], seen: Iterable[list[str]], seed: str, many: int | None = None) -> Iterator[Backlog]:
    """The keys but for those that were seen, in the order of this seed; `keys` may tell one more than once.

    Keys hold no line ends. So `many` stand in memory, `MANY` if that is not told. Raises `StoreFault` where there is no
    room for more on the disk.
    """
    source, most = iter(keys), MANY if many is None else many
    kept: set[str] = set()
    for key in source:
        kept.add(key)
        if len(kept) > most:
            break
    else:
        yield _in_memory(kept, seen, partial(_place, seed))
        return
    with ExitStack() as stack:
        with told():
            folder = stack.enter_context(TemporaryDirectory(prefix="dane-census-"))
            backlog = _on_disk(chain(kept, source), seen, partial(_place, seed), Path(folder))
        yield backlog


def _place(seed: str, key: str) -> bytes:
    """Where a key stands in the order."""
    return md5(f"{seed} {key}".encode(), usedforsecurity=False).digest()


def _in_memory(keys: set[str], seen: Iterable[list[str]], place: Callable[[str], bytes]) -> Backlog:
    total = len(keys)
    for batch in seen:
        keys.difference_update(batch)
    order = sorted(keys, key=place)
    return Backlog(total, len(order), lambda: iter(order), place)


def _on_disk(keys: Iterable[str], seen: Iterable[list[str]], place: Callable[[str], bytes], folder: Path) -> Backlog:
    _spread(keys, place, folder, "keys")
    _spread(chain.from_iterable(seen), place, folder, "seen")
    total = left = 0
    for number in range(BUCKETS):
        mine = set(_read(folder / f"keys-{number}"))
        total += len(mine)
        mine.difference_update(_read(folder / f"seen-{number}"))
        left += len(mine)
        (folder / f"seen-{number}").unlink(missing_ok=True)
        (folder / f"keys-{number}").write_bytes(_lines(sorted(mine, key=place)))
    files = [folder / f"keys-{number}" for number in range(BUCKETS)]
    return Backlog(total, left, lambda: chain.from_iterable(map(_read, files)), place)


def _spread(keys: Iterable[str], place: Callable[[str], bytes], folder: Path, kind: str) -> None:
    """Keys into their buckets, which are files that are opened only to be written to: descriptors are for sockets."""
    held: list[list[str]] = [[] for _ in range(BUCKETS)]
    for key in keys:
        number = place(key)[0]
        bucket = held[number]
        bucket.append(key)
        if len(bucket) >= HELD:
            _append(folder / f"{kind}-{number}", bucket)
            bucket.clear()
    for number, bucket in enumerate(held):
        _append(folder / f"{kind}-{number}", bucket)


def _append(path: Path, keys: list[str]) -> None:
    with path.open("ab") as file:
        file.write(_lines(keys))


def _lines(keys: list[str]) -> bytes:
    text = "".join(f"{key}\n" for key in keys)
    if text.count("\n") != len(keys):
        raise ValueError("a key with a line end")
    return text.encode()


def _read(path: Path) -> list[str]:
    return path.read_bytes().decode().split("\n")[:-1]


@contextmanager
def told() -> Iterator[None]:
    """Troubles of the disk in one line, as a `StoreFault`."""
    try:
        yield
    except OSError as error:
        raise StoreFault(
            f"the keys of a stage cannot be put in order in {gettempdir()}: {error.strerror or error}; set TMPDIR to a"
            " folder with more room; what is written is whole, the same command resumes"
        ) from error
