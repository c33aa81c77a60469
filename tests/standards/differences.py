"""One message read by dnspython and by us, and a closed list of the ways in which they may differ.

Not a test itself: the tests of properties and of captures lean on it. What each
class means for the data stands in docs/wire-differences.md. A difference that
fits no class is `UNEXPLAINED`, and fails whichever test meets it.
"""

from __future__ import annotations

from enum import StrEnum

import dns.message
import dns.name
import dns.opcode
import dns.rdata
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from crawler.standards.rdata import READERS
from crawler.standards.wire import Fault, Message, Record, Type, WireFault, decode

#: Types whose rdata we check. Of an RRSIG only the signer's case is touched, if the signer is well-formed.
LOOKED_INTO = READERS.keys() - {Type.RRSIG}


class Difference(StrEnum):
    """Where dnspython and we part."""

    # we take it, dnspython refuses
    RDATA_NOT_LOOKED_INTO = "rdata-not-looked-into"  # rdata wrong inside, of a type that we leave to its reader
    OPTION_NOT_LOOKED_INTO = "option-not-looked-into"  # likewise an EDNS option
    TRAILING = "trailing"  # octets after the last record
    CUT_WITH_TC = "cut-with-tc"  # ends inside a record, but says so
    TSIG_PLACE = "tsig-place"  # a TSIG that is not the last record
    # dnspython takes it, we refuse
    SEVERAL_QUESTIONS = "several-questions"
    POINTER_INTO_HEADER = "pointer-into-header"
    # either way, or other values
    POINTER_CHAIN = "pointer-chain"  # dnspython follows 16 pointers in a name, we 127
    NAMES_ONLY_WE_READ = "names-only-we-read"  # MD, MF, MB, MG, MR, MINFO, SIG, NXT; and types that it knows in IN only
    NAMES_ONLY_THEY_READ = "names-only-they-read"  # compressed names where RFC 3597 section 4 has none
    CHAOSNET = "chaosnet"  # an A record of class CH, which is a name and a number there
    TSIG = "tsig"  # dnspython takes it out of the additional section
    UPDATE = "update"  # opcode 5, whose sections dnspython reads by RFC 2136
    UNEXPLAINED = "unexplained"


def read_theirs(wire: bytes) -> dns.message.Message | Exception:
    """dnspython's reading; whatever it raises is its refusal (it is not only FormError)."""
    try:
        return dns.message.from_wire(wire, keyring=False, one_rr_per_rrset=True)
    except Exception as refusal:  # noqa: BLE001
        return refusal


def compare(wire: bytes) -> Difference | None:
    """How the two readings of these octets differ, or None if they agree (also in refusing)."""
    theirs = read_theirs(wire)
    try:
        ours: Message | WireFault = decode(wire)
    except WireFault as fault:
        ours = fault
    if isinstance(theirs, Exception):
        return None if isinstance(ours, WireFault) else _why_they_refuse(theirs, ours, wire)
    if isinstance(ours, WireFault):
        return _why_we_refuse(theirs, ours, wire)
    return _compare_values(theirs, ours)


def _is_update(wire: bytes) -> bool:
    return wire[2] >> 3 & 15 == dns.opcode.UPDATE


def _why_they_refuse(refusal: Exception, ours: Message, wire: bytes) -> Difference:
    if isinstance(refusal, dns.message.TrailingJunk) and ours.trailing:
        return Difference.TRAILING
    if isinstance(refusal, dns.name.PointerChainTooLong):
        return Difference.POINTER_CHAIN
    if isinstance(refusal, dns.message.BadTSIG):
        return Difference.TSIG_PLACE
    if _is_update(wire):
        return Difference.UPDATE
    for record in ours.answer + ours.authority + ours.additional:
        if record[1:3] == (Type.A, RdataClass.CH):
            return Difference.CHAOSNET
        if record[1] not in LOOKED_INTO and not _they_take(record):
            return Difference.RDATA_NOT_LOOKED_INTO
    options = ours.edns.options if ours.edns else ()
    opt = b"".join(code.to_bytes(2) + len(data).to_bytes(2) + data for code, data in options)
    if opt and not _they_take((b"\0", Type.OPT, 1232, 0, opt)):
        return Difference.OPTION_NOT_LOOKED_INTO
    promised = sum(int.from_bytes(wire[at : at + 2]) for at in (6, 8, 10))
    read = len(ours.answer) + len(ours.authority) + len(ours.additional) + (ours.edns is not None)
    if ours.tc and (read < promised or (ours.question is None and wire[4:6] != b"\0\0")):
        return Difference.CUT_WITH_TC
    return Difference.UNEXPLAINED


def _they_take(record: Record) -> bool:
    _owner, rtype, rclass, _ttl, rdata = record
    try:
        dns.rdata.from_wire(RdataClass.make(rclass), RdataType.make(rtype), rdata, 0, len(rdata))
    except Exception:  # noqa: BLE001
        return False
    return True


def _why_we_refuse(theirs: dns.message.Message, fault: WireFault, wire: bytes) -> Difference:
    if _is_update(wire):
        return Difference.UPDATE
    if fault.fault is Fault.QUESTIONS:
        return Difference.SEVERAL_QUESTIONS
    if fault.fault is Fault.POINTER_CHAIN:
        return Difference.POINTER_CHAIN
    if fault.fault is Fault.POINTER and int.from_bytes(wire[fault.at : fault.at + 2]) & 0x3FFF < 12:
        return Difference.POINTER_INTO_HEADER
    their_rdatas = [rdata for section in theirs.sections for rrset in section for rdata in rrset]
    if any((rdata.rdtype, rdata.rdclass) == (Type.A, RdataClass.CH) for rdata in their_rdatas):
        return Difference.CHAOSNET
    if any(_is_generic(rdata) for rdata in their_rdatas):
        return Difference.NAMES_ONLY_WE_READ
    return Difference.UNEXPLAINED


def _is_generic(rdata: dns.rdata.Rdata) -> bool:
    """A type that dnspython does not look into, in this class, though we do."""
    return isinstance(rdata, dns.rdata.GenericRdata) and int(rdata.rdtype) in LOOKED_INTO


def _compare_values(theirs: dns.message.Message, ours: Message) -> Difference | None:
    if theirs.opcode() == dns.opcode.UPDATE:
        return Difference.UPDATE
    question = [(q.name.to_digestable(), int(q.rdtype), int(q.rdclass)) for q in theirs.question]
    if question != ([ours.question] if ours.question else []):
        return Difference.UNEXPLAINED
    if (theirs.id, int(theirs.flags), int(theirs.rcode())) != (ours.id, ours.flags, ours.rcode):
        return Difference.UNEXPLAINED
    if _their_edns(theirs) != (ours.edns and ours.edns[:3]):
        return Difference.UNEXPLAINED
    if any(record[1] == Type.TSIG for record in ours.additional):
        return Difference.TSIG
    sections = ((theirs.answer, ours.answer), (theirs.authority, ours.authority), (theirs.additional, ours.additional))
    for their_section, our_section in sections:
        rdatas = [(rrset, rdata) for rrset in their_section for rdata in rrset]
        if len(rdatas) != len(our_section):
            return Difference.UNEXPLAINED
        for (rrset, rdata), record in zip(rdatas, our_section, strict=True):
            head = (rrset.name.to_digestable(), int(rrset.rdtype), int(rrset.rdclass), rrset.ttl)
            if head != record[:4]:
                return Difference.UNEXPLAINED
            if rdata.to_digestable() != record[4]:
                return _why_rdata_differs(rdata)
    return None


def _their_edns(theirs: dns.message.Message) -> tuple[int, int, bool] | None:
    if theirs.edns < 0:
        return None
    return theirs.edns, theirs.payload, theirs.ednsflags & 0x8000 != 0


def _why_rdata_differs(rdata: dns.rdata.Rdata) -> Difference:
    if _is_generic(rdata):
        return Difference.NAMES_ONLY_WE_READ
    if int(rdata.rdtype) not in LOOKED_INTO:
        return Difference.NAMES_ONLY_THEY_READ
    return Difference.UNEXPLAINED
