"""A report as Markdown, for a repository or a mail: the same order and the same tables, without pictures."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.export import escaped, footer, rows_markdown
from analysis.report.charts import percent
from analysis.report.sections import METHOD
from analysis.report.telling import Report


def markdown(report: Report) -> str:
    """The text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# How {escaped(report.name)} secures its mail\n"
    yield f"DANE for SMTP and MTA-STS, measured by dane-census. From {escaped(footer(report.facts))}."
    if report.before:
        yield f"\nCompared with {escaped(report.before)}."
    yield "\n## In short\n"
    yield "| | level | share | if all unknown were no | if all were yes | of | unknown |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for headline in report.headlines:
        for level, share, low, high, n, d, unknown in headline.levels:
            shares = " | ".join(percent(one) for one in (share, low, high))
            yield f"| {headline.title} | {level} | {shares} | {n:,} of {d:,} | {unknown:,} |"
    for part in report.parts:
        yield f"\n## {part.section.title}\n\n{part.section.words}"
        for told in part.figures:
            if told.chart is not None:
                yield f"\n### {told.figure.title}\n\n{rows_markdown(told.counted.result)}"
                yield f"{escaped(told.counted.statistic.definition)}"
        if part.section.name == "change":
            for one in report.changes:
                if one.result.rows:
                    yield f"\n### {escaped(one.statistic.title)}\n\n{rows_markdown(one.result)}"
    yield "\n## Method and biases\n"
    yield from (f"- **{title}.** {words}" for title, words in METHOD)
    yield "\n## Facts of the run\n\n| | |\n| --- | --- |"
    yield from (f"| {escaped(key)} | {escaped(value)} |" for key, value in report.run)
