"""The matrix of rootcanary.org: DS digest x DNSKEY algorithm x NSEC or NSEC3, each once whole and once broken.

The truth is two sets, written from the registries of RFC 9904 and what `docs/standards.md` says we validate: a zone
whose algorithm and digest are both validated is secure, or bogus where its signatures are broken; any other is
insecure, broken or not, for nothing in it is looked at (RFC 4035 section 5.2). The algorithm is named before the
digest. Left out: algorithms 1, 3 and 5 with NSEC3, which RFC 5155 section 2 does not allow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab import breakage
from lab.breakage import Breakage
from lab.scenarios.scenario import Classes, Scenario, Site, sound
from lab.zones import Denial, Signing

DIGESTS = {1: True, 2: True, 3: False, 4: True}  # GOST (3) is retired by RFC 9906
ALGORITHMS = {
    1: False,  # RSAMD5
    3: False,  # DSA
    5: True,  # RSASHA1
    6: False,  # DSA-NSEC3-SHA1
    7: True,  # RSASHA1-NSEC3-SHA1
    8: True,  # RSASHA256
    10: True,  # RSASHA512
    12: False,  # ECC-GOST
    13: True,  # ECDSAP256SHA256
    14: True,  # ECDSAP384SHA384
    15: True,  # ED25519
    16: True,  # ED448
}
BEFORE_NSEC3 = frozenset({1, 3, 5})


def _signing(digest: int, algorithm: int, denial: Denial) -> Signing:
    """The lab cannot sign by what nobody validates: such zones have P-256 keys under its number."""
    if ALGORITHMS[algorithm]:
        return Signing(algorithms=(algorithm,), denial=denial, digests=(digest,), rsa_bits=1024)
    return Signing(claimed=algorithm, denial=denial, digests=(digest,))


def _reason(digest: int, algorithm: int, *, whole: bool) -> tuple[str, str, int | None]:
    """State, reason and EDE code of a zone."""
    if not ALGORITHMS[algorithm]:
        return "insecure", "unsupported-algorithm", 1
    if not DIGESTS[digest]:
        return "insecure", "unsupported-digest", 2
    return ("secure", "chain", None) if whole else ("bogus", "signature-invalid", 6)


CLASSES = {
    "secure": Classes("secure", "mx", "full"),
    "insecure": Classes("insecure-unsupported", "mx", "none"),
    "bogus": Classes("bogus", "unknown", "unknown", "unknown", "unknown"),
}


def _corrupt() -> list[Breakage]:
    return [breakage.corrupt_signatures()]


def _cell(digest: int, algorithm: int, denial: Denial, *, whole: bool) -> Scenario:
    """One zone, named as theirs are: d2a8n1 is SHA-256, RSA/SHA-256, NSEC."""
    cell = f"d{digest}a{algorithm}n{3 if denial is Denial.NSEC3 else 1}"
    apex = f"{'secure' if whole else 'bogus'}-{cell}.se"
    state, reason, ede = _reason(digest, algorithm, whole=whole)
    verdict = f"{state} {reason}"
    site = Site(apex=apex, signing=_signing(digest, algorithm, denial), broken=sound if whole else _corrupt)
    return Scenario(
        claim=f"rootcanary {apex}",
        domain=apex,
        sites=(site,),
        classes=CLASSES[state],
        row={
            "zone_security": state,
            "zone_reason": reason,
            "mx": f"answer {verdict}",
            "mx.ede": ede,
            "mta_sts": f"nxdomain {verdict}",
            "denial_kind": denial.value,
        },
        hosts={f"mx.{apex}": {"a": f"answer {verdict}"}},
    )


def _matrix() -> Iterator[Scenario]:
    for digest in DIGESTS:
        for algorithm in ALGORITHMS:
            for denial in (Denial.NSEC, Denial.NSEC3):
                if denial is Denial.NSEC or algorithm not in BEFORE_NSEC3:
                    for whole in (True, False):
                        yield _cell(digest, algorithm, denial, whole=whole)


SCENARIOS: tuple[Scenario, ...] = tuple(_matrix())
