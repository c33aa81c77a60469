"""Chains, each with one thing wrong, shown to OpenSSL's DANE client on loopback: it accepts what we authenticate."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from crawler.standards.tlsa import Outcome, Tlsa, authenticate
from tests.standards.authorities import NOW, issue, key_of, party, record, unknown_extension, usage_bits

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here"),
]
HOST = "mx.example.nl"


def accepted(folder: Path, records: Sequence[Tlsa], chain: Sequence[bytes]) -> bool:
    """Whether `openssl s_client` verifies the chain by the records."""
    key, leaf, rest = folder / "key.pem", folder / "leaf.pem", folder / "rest.pem"
    key.write_bytes(key_of(HOST).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    leaf.write_text(ssl.DER_cert_to_PEM_cert(chain[0]))
    rest.write_text("".join(map(ssl.DER_cert_to_PEM_cert, chain[1:])))
    sent = ["-cert_chain", str(rest)] if chain[1:] else ["-no-CApath", "-no-CAfile"]
    options = [
        text for r in records for text in ("-dane_tlsa_rrdata", f"{r.usage} {r.selector} {r.matching} {r.data.hex()}")
    ]
    with subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(leaf), "-key", str(key), "-naccept", "1", *sent],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            ready = next(line for line in server.stdout if line.startswith("ACCEPT"))
            client = subprocess.run(
                ["openssl", "s_client", "-connect", ready.split()[1], "-dane_tlsa_domain", HOST, *options, "-brief",
                 "-dane_ee_no_namechecks", "-attime", str(int(NOW.timestamp()))],
                input="", capture_output=True, text=True, timeout=10, check=False,
            )  # fmt: skip
        finally:
            server.kill()
    said = client.stdout + client.stderr
    assert "Verification" in said, said
    return "Verification: OK" in said


def leaf_with(*extensions: tuple[x509.ExtensionType, bool], **other: object) -> bytes:
    return issue(HOST, "Issuer", **{"sans": [HOST], "extensions": extensions} | other)  # type: ignore[arg-type]


def issuer_with(*extensions: tuple[x509.ExtensionType, bool], **other: object) -> bytes:
    return issue("Issuer", "Root", **{"ca": True, "extensions": extensions} | other)  # type: ignore[arg-type]


def cases() -> dict[str, tuple[list[Tlsa], list[bytes]]]:
    """What is shown: records and chain."""
    leaf, issuer, root = party().chain
    by_root = [record("2 1 1", root)]
    alone = issue(HOST, HOST, sans=[HOST], ca=True)
    old, old_root = issuer_with(days=(-90, -60)), issue("Root", "Root", ca=True, days=(-90, -60))
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    inside, outside = (x509.NameConstraints([x509.DNSName(name)], None) for name in ("example.nl", "example.org"))
    short = issue("Root", "Root", ca=True, path_length=0)
    leaves = {
        "star": leaf_with(sans=["*.example.nl"]), "two labels": leaf_with(sans=["*.nl"]), "cn": leaf_with(sans=[]),
        "other name": leaf_with(sans=["b.example"]), "expired": leaf_with(days=(-9, -1)),
        "critical": leaf_with((unknown_extension(), True)), "any purpose": leaf_with((purpose, False)),
        "key usage": leaf_with((usage_bits("key_cert_sign"), True)), "forged": leaf_with(signer="Mallory"),
    }  # fmt: skip
    issuers = {
        "old": old, "future": issuer_with(days=(5, 60)), "no ca": issuer_with(ca=False),
        "inside": issuer_with((inside, True)),
        "outside": issuer_with((outside, True)), "critical": issuer_with((unknown_extension(), True)),
        "key usage": issuer_with((usage_bits("digital_signature"), True)), "forged": issuer_with(signer="Mallory"),
        "silent": issuer_with(ca=None), "by usage": issuer_with((usage_bits("key_cert_sign"), True), ca=None),
    }  # fmt: skip
    found = {f"leaf {name}": (by_root, [made, issuer, root]) for name, made in leaves.items()}
    found |= {f"ee {name}": ([record("3 1 1", made)], [made]) for name, made in leaves.items()}
    found |= {f"issuer {name}": (by_root, [leaf, made, root]) for name, made in issuers.items()}
    found |= {f"anchor {name}": ([record("2 0 1", made)], [leaf, made]) for name, made in issuers.items()}
    found |= {f"alone {form}": ([record(form, alone)], [alone]) for form in ("2 0 0", "2 1 0", "2 0 1", "2 1 1")}
    found |= {f"unsent {form}": ([record(form, root)], [leaf, issuer]) for form in ("2 0 0", "2 1 0", "2 0 1")}
    found |= {f"old root {form}": ([record(form, old_root)], [leaf, issuer, old_root]) for form in ("2 1 0", "2 0 1")}
    return found | {
        "agility": ([record("3 1 1", leaf), record("3 1 2", issuer)], [leaf]),
        "out of order": (by_root, [leaf, root, issuer]),
        "old and new": (by_root, [leaf, old, issuer, root]),
        "old, bare key": ([record("2 1 0", old)], [leaf, old]),
        "old from the DNS": ([record("2 0 0", old)], [leaf]),
        "path length": ([record("2 0 1", short)], [leaf, issuer, short]),
    }


CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_openssl_accepts_what_we_authenticate_and_nothing_else(name: str, tmp_path: Path) -> None:
    """RFC 7671 section 5, RFC 7672 section 3."""
    records, chain = CASES[name]
    verdict = authenticate(records, chain, [HOST], NOW)
    assert (verdict.outcome is Outcome.AUTHENTICATED) is accepted(tmp_path, records, chain), verdict
