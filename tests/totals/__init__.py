"""Statistics counted twice: by DuckDB over a crawl, and by plain Python over the lab's truth. They must be equal.

    python -m tests.totals --profile cc --names 20000

crawls a generated world by the command itself (conversations included) and compares every statistic that the truth
decides, each row's numerator, denominator and unknown. `expected` shares nothing with ``analysis``.

`eras` does the same for two lists and what has changed between them.
"""
