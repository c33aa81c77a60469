"""The job of ``fetch`` by the library of postfix-mta-sts-resolver; run by it, with another environment's Python."""

import asyncio
import collections
import sys
import time

from postfix_mta_sts_resolver.resolver import STSResolver  # type: ignore[import-not-found,unused-ignore]


async def main(count: int, workers: int) -> None:
    """Every domain once, so many at a time."""
    resolver = STSResolver(loop=asyncio.get_running_loop(), timeout=60)
    left = iter([f"n{number}.bench.bd" for number in range(count)])
    kinds: collections.Counter[str] = collections.Counter()

    async def work() -> None:
        for domain in left:
            status, _ = await resolver.resolve(domain)
            kinds[status.name] += 1

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[work() for _ in range(workers)])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = ", ".join(f"{kind} {n:,}" for kind, n in kinds.items())
    print(
        f"postfix-mta-sts-resolver: {count:,} ({told}): {count / wall:,.0f}/s, {cpu / count * 1e6:,.0f} us of CPU a"
        f" fetch = {count / cpu:,.0f} a second and core"
    )


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
