"""The checks, and how each is taken away: a piece of source that occurs once, and what stands there instead."""

from __future__ import annotations

from typing import NamedTuple

DNSSEC, KEYS, NSEC, NSEC3 = (f"crawler/standards/{name}.py" for name in ("dnssec", "keys", "nsec", "nsec3"))
DENIAL, VALIDATE, TRUST = "crawler/standards/denial.py", "crawler/resolver/validate.py", "crawler/resolver/trust.py"
REFERRAL, RESOLVE = "crawler/resolver/referral.py", "crawler/resolver/resolve.py"
EXCHANGE, NET = "crawler/exchange.py", "crawler/net.py"
RULES = ("tests/standards/test_dnssec.py", "tests/standards/test_keys.py")
PROOFS = ("tests/standards/test_denial.py", "tests/standards/test_nsec.py", "tests/standards/test_nsec3.py")
DATAGRAMS = "crawler/datagrams.py"
WIRE, ALIKE = "crawler/standards/wire.py", ("tests/standards/test_alike.py",)
LAB = ("tests/lab/test_scenarios.py",)


class Mutation(NamedTuple):
    """One check less."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation("the signature is not checked", DNSSEC,
             "if verifier(key, rrsig.signature, data) if verifier else key.verify(rrsig.signature, data):",
             "if key:", LAB),
    Mutation("expired signatures count", DNSSEC, "if _since(now, rrsig.expiration) < 0:", "if False:", LAB),
    Mutation("signatures count before their time", DNSSEC, "if _since(rrsig.inception, now) < 0:", "if False:", LAB),
    Mutation("signatures that end before they begin count", DNSSEC,
             "if _since(rrsig.inception, rrsig.expiration) < 0:", "if False:", LAB),
    Mutation("any zone may sign", DNSSEC, "if rrsig.signer != zone or not", "if not", LAB + RULES),
    Mutation("the labels field may say anything", DNSSEC, "not count(zone) <= rrsig.labels <= labels", "False",
             LAB + RULES),
    Mutation("the TTL that was signed is not the one that is hashed", DNSSEC,
             'struct.pack("!HHI", rtype, rclass, rrsig.original_ttl)', 'struct.pack("!HHI", rtype, rclass, 0)', LAB),
    Mutation("a key without the Zone Key flag signs", DNSSEC,
             "if not key.zone_key:\n            fault", "if False:\n            fault", LAB + RULES),
    Mutation("a revoked key signs", DNSSEC,
             "elif key.revoked and not (rtype == Type.DNSKEY and key.rdata in own_rdatas):", "elif False:",
             LAB + RULES),
    Mutation("a revoked key is vouched for", DNSSEC, "elif key.revoked:\n", "elif False:\n", LAB + RULES),
    Mutation("colliding keys are all tried", DNSSEC, "if len(fit) > KEYS_PER_TAG:", "if False:", LAB + RULES),
    Mutation("verifications are not counted", DNSSEC, "if work >= limit:", "if False:", RULES),
    Mutation("the digest of a DS may be any", DNSSEC,
             "if digest_of(zone, key, ds.digest_type) != ds.digest:", "if False:", LAB + RULES),
    Mutation("SHA-1 digests count beside better ones", DNSSEC,
             "return [ds for ds in usable if ds.digest_type != 1] or usable, None", "return usable, None", RULES + LAB),
    Mutation("NXDOMAIN without a proof of no wildcard (NSEC)", NSEC,
             "return wildcard is not None and any(record.denies(wildcard) for record in self.records)",
             "return wildcard is not None", PROOFS),
    Mutation("a name below a cut is denied by the parent's NSEC", NSEC,
             "return not (cuts_off(self.types) and is_below(name, self.owner))", "return True", PROOFS),
    Mutation("an empty non-terminal is denied (NSEC)", NSEC,
             "return self.covers(name) and not is_below(self.next, name)", "return self.covers(name)", PROOFS),
    Mutation("NODATA though the bitmap has the type", NSEC,
             "if qtype in types or Type.CNAME in types:", "if Type.CNAME in types:", PROOFS),
    Mutation("NODATA though the name is an alias", NSEC,
             "if qtype in types or Type.CNAME in types:", "if qtype in types:", PROOFS),
    Mutation("no DS at a name that is no delegation (NSEC)", NSEC,
             "return Type.NS in types and not types & {Type.DS, Type.SOA, Type.CNAME}",
             "return not types & {Type.DS, Type.SOA, Type.CNAME}", PROOFS + LAB),
    Mutation("the child's own denial of its DS", NSEC,
             "return Type.NS in types and not types & {Type.DS, Type.SOA, Type.CNAME}",
             "return Type.NS in types and not types & {Type.DS, Type.CNAME}", PROOFS + LAB),
    Mutation("a wildcard's answer needs no proof", DENIAL,
             "lambda proof: proof.no_closer(qname, encloser),", "lambda proof: True,", PROOFS + LAB),
    Mutation("NXDOMAIN without a proof of no wildcard (NSEC3)", NSEC3,
             'if found is None or self.covering(b"\\1*" + found[0]) is None:', "if found is None:", PROOFS),
    Mutation("the closest encloser may be a delegation", NSEC3,
             "span = None if cuts_off(link.types) else self.covering(closer)", "span = self.covering(closer)", PROOFS),
    Mutation("the next closer name need not be covered", NSEC3,
             "return None if span is None else (name, span)", "return (name, span or link)", PROOFS),
    Mutation("an opt-out span proves like any other", NSEC3,
             "return Span.OPT_OUT if span.opt_out else Span.PROVED", "return Span.PROVED", PROOFS + LAB),
    Mutation("every span is opt-out", NSEC3,
             "return Span.OPT_OUT if found is not None and found[1].opt_out else Span.UNPROVED",
             "return Span.OPT_OUT if found is not None else Span.UNPROVED", PROOFS + LAB),
    Mutation("a covered hash is not strictly inside", NSEC3,
             "return self.start < digest < self.end", "return self.start <= digest < self.end", PROOFS),
    Mutation("NSEC3 iterations without a limit", DENIAL, "if chain.iterations > max_iterations:", "if False:",
             PROOFS + LAB),
    Mutation("hashing without a limit", NSEC3, "if self.left < 0:", "if False:",
             (*PROOFS, "tests/resolver/test_attacks.py")),
    Mutation("NSEC records count unsigned", VALIDATE,
             "flaw = flaw or Reason.DENIAL_UNSIGNED\n                continue", "flaw = None", LAB),
    Mutation("NSEC records of other zones count", VALIDATE,
             "if rtype in proven and is_below(owner, zone):", "if rtype in proven:",
             (*LAB, "tests/resolver/test_validate.py")),
    Mutation("glue from outside the referring zone is believed", REFERRAL,
             "and rclass == IN and is_below(owner, zone):\n            (v4", "and rclass == IN:\n            (v4",
             ("tests/resolver/test_iterate.py",)),
    Mutation("a zone file's silence on DS is believed of zones that send signatures", RESOLVE,
             "if cut.unsigned_by_list and walked.message", "if False and walked.message",
             ("tests/resolver/test_plant.py",)),
    Mutation("what a zone file's DS leads to is bogus for good", TRUST,
             "if cut.listed and trust.security is Security.BOGUS:", "if False:",
             ("tests/resolver/test_plant.py",)),
    Mutation("a reply need not repeat the question", EXCHANGE,
             "if reply.startswith(question, _HEADER):\n            return True", "return True",
             ("tests/test_exchange.py", "tests/test_net.py")),
    Mutation("a reply may come from anywhere", NET, "exchange.asked != source", "exchange.asked[1] != source[1]",
             ("tests/test_net.py",)),
    Mutation("an exchange is used again whatever became of it", NET, "if heard is not None:", "if True:",
             ("tests/test_net.py",)),
    Mutation("a reply may come from any port", NET, "exchange.asked != source", "exchange.asked[0] != source[0]",
             ("tests/test_net.py",)),
    Mutation("a reply alike may be counted otherwise", WIRE, "message[4:_HEADER_SIZE] + message[end:]", "message[end:]",
             ALIKE),
    Mutation("a reply alike may lead to other names", WIRE, "if asked[at:] != name:", "if False:", ALIKE),
    Mutation("a reply alike may begin elsewhere", WIRE, "key = end, message", "key = 0, message", ALIKE),
    Mutation("a reply alike may name the domain itself", "crawler/standards/alike.py",
             "octets.count(_TO_QUESTION) != owned", "False", ALIKE),
    Mutation("an owner alike may be written out", "crawler/standards/alike.py",
             "not _point_to_question(octets, owned)", "False", ALIKE),
    Mutation("a reply cut short stands for whole ones", WIRE, "and not read.flags & _TC:", "and True:", ALIKE),
    Mutation("a datagram is taken to be as long as its slot", DATAGRAMS, "here : here + came[at]",
             "here : here + stride", ("tests/test_datagrams.py",)),
    Mutation("a datagram may be longer than its slot", DATAGRAMS, "if size > LONGEST_SENT:", "if False:",
             ("tests/test_datagrams.py",)),
    Mutation("a batch comes from whoever sent its first datagram", DATAGRAMS,
             "_read_address(bytes(addresses[there : there + width]))", "_read_address(bytes(addresses[:width]))",
             ("tests/test_datagrams.py", "tests/test_net.py")),
    Mutation("datagrams go where the first one goes", DATAGRAMS, "addresses[there : there + width] = _w",
             "addresses[0:width] = _w", ("tests/test_datagrams.py",)),
    Mutation("a strand whose turn had come keeps it when it is cancelled", "crawler/manners.py",
             "if turn.who is None:", "if False:", ("tests/test_manners.py",)),
    Mutation("a cancelled strand stays among the deadlines", "crawler/strands.py",
             "if self.who is not None:\n                self.abort(None)", "pass", ("tests/test_strands.py",)),
)  # fmt: skip
