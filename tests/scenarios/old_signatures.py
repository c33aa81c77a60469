"""Checks of signatures that nobody should rely on any more, for scripts made when people did (`fake-sha1`).

DSA/SHA-1 (RFC 2536; algorithms 3 and 6) by plain integer arithmetic, for keys of 512 bits
which the library refuses. Signatures come as T, R, S (RFC 2536 section 3) or, from the
tools of the time, as DER.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from crawler.standards.algorithms import SUPPORTED, Algorithms

if TYPE_CHECKING:
    from crawler.standards.keys import Key

_Q = 20  # octets of Q, R and S


def dsa(key: Key, signature: bytes, data: bytes) -> bool:
    """Whether a DSA/SHA-1 signature is by this key (FIPS 186-4 section 4.7)."""
    material = key.rdata[4:]
    size = 64 + 8 * material[0] if material else 0
    if len(material) != 1 + _Q + 3 * size:
        return False
    at = 1 + _Q
    q = int.from_bytes(material[1:at])
    p, g, y = (int.from_bytes(material[at + n * size : at + (n + 1) * size]) for n in range(3))
    r, s = _pair(signature)
    if not (0 < r < q and 0 < s < q and p):
        return False
    w = pow(s, -1, q)
    digest = int.from_bytes(hashlib.sha1(data).digest())
    return pow(g, digest * w % q, p) * pow(y, r * w % q, p) % p % q == r


def _pair(signature: bytes) -> tuple[int, int]:
    """R and S; (0, 0), which verifies nothing, where there are none."""
    if len(signature) == 1 + 2 * _Q:
        return int.from_bytes(signature[1 : 1 + _Q]), int.from_bytes(signature[1 + _Q :])
    if signature[:1] == b"\x30" and len(signature) > 4 and signature[2] == 2:
        end = 4 + signature[3]
        if signature[end : end + 1] == b"\2":
            return int.from_bytes(signature[4:end]), int.from_bytes(signature[end + 2 :])
    return 0, 0


#: What a script with ``fake-sha1`` takes as supported.
OLD = Algorithms(numbers=SUPPORTED.numbers | {3, 5, 6, 7}, digests=SUPPORTED.digests | {1}, verifiers={3: dsa, 6: dsa})
