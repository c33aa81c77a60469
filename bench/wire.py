"""What the codec costs: `python -m bench.wire` prints CPU microseconds per decode, ours and dnspython's, and encode.

The reply is the one of the hot path: two MX records with their RRSIG (P-256)
and an OPT record. The best of several rounds counts, for other work on the
machine can only add.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rrset

from crawler.standards import names
from crawler.standards.wire import Type, decode, encode_query

ROUNDS = 15
SIGNATURE = "MX 13 2 3600 20301201000000 20301101000000 12345 example.nl. " + "A" * 86 + "=="


def two_mx_reply() -> bytes:
    """An authoritative answer of two MX records, signed."""
    query = dns.message.make_query("example.nl", "MX", want_dnssec=True, payload=1232)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    reply.answer.append(
        dns.rrset.from_text("example.nl.", 3600, "IN", "MX", "10 mx1.example.nl.", "20 mx2.example.nl.")
    )
    reply.answer.append(dns.rrset.from_text("example.nl.", 3600, "IN", "RRSIG", SIGNATURE))
    reply.use_edns(0, dns.flags.DO, 1232)
    return reply.to_wire()


def microseconds(work: Callable[[], object], times: int) -> float:
    """CPU time of one call, the best round's average."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - begin) / times)
    return best * 1e6


def main() -> None:
    """Print the table."""
    reply = two_mx_reply()
    name = names.from_text("example.nl")
    rows: list[tuple[str, Callable[[], object], int]] = [
        ("decode two MX, RRSIG, OPT", lambda: decode(reply), 20_000),
        ("the same by dnspython", lambda: dns.message.from_wire(reply), 300),
        ("encode_query", lambda: encode_query(name, Type.MX, id=7), 50_000),
        ("names.domain, plain", lambda: names.domain("example.nl"), 50_000),
        ("names.domain, U-label", lambda: names.domain("münchen.de"), 5_000),
        ("names.from_text", lambda: names.from_text("example.nl"), 50_000),
    ]
    print(f"reply of {len(reply)} octets; CPU microseconds a call, best of {ROUNDS} rounds")
    for label, work, times in rows:
        print(f"{label:28} {microseconds(work, times):8.2f}")


if __name__ == "__main__":
    main()
