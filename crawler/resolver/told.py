"""What was told unasked: proofs that came with an alias, DS that came with a referral; and what a whole chain says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.resolver.answer import Outcome
from crawler.resolver.iterate import Walked
from crawler.resolver.referral import proofs_among
from crawler.resolver.reply import Kind, Reading
from crawler.resolver.validate import Judgement
from crawler.standards.names import is_below
from crawler.standards.security import STATE, Reason, worst
from crawler.standards.wire import Type

if TYPE_CHECKING:
    from crawler.resolver.cuts import Cut
    from crawler.resolver.trust import DsWord
    from crawler.standards.wire import Record


def told_along(walked: Walked, name: bytes) -> tuple[Record, ...]:
    """What an alias's reply may prove of delegations on the way to its target (RFC 4035 section 3.1.3)."""
    if walked.message is None or not walked.message.authority or not is_below(name, walked.cut.name):
        return ()
    message = walked.message
    return proofs_among([*message.answer, *message.authority, *message.additional])


def unsigned_ds(cut: Cut) -> tuple[bytes, ...]:
    """The DS records that came with a referral, whoever may believe them."""
    return tuple(dict.fromkeys(record[4] for record in cut.proof if record[1] == Type.DS and record[0] == cut.name))


def ds_told(cut: Cut, reason: Reason, rdatas: tuple[bytes, ...], word: DsWord | None) -> tuple[Walked, Judgement]:
    """DS learned from a referral, in the form of a reply; it belongs to the parent."""
    kind, outcome = (Kind.ANSWER, Outcome.ANSWER) if rdatas else (Kind.NODATA, Outcome.NODATA)
    reading = Reading(kind, outcome, cut.name, Type.DS, rdatas, (word.ttl or 0) if word is not None else 0)
    return Walked(reading, None, cut.parent or cut, None, None), Judgement(reason, denial=word.denial if word else None)


def worse(first: Reason, second: Reason) -> Reason:
    """The reason of the worse state; of two alike, the first (the one nearer to the question)."""
    return first if worst(STATE[first], STATE[second]) is STATE[first] and first is not Reason.CHAIN else second
