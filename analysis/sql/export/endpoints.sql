-- name: endpoints
-- title: Every conversation with its verdict, flat
-- grain: (host, address)
-- definition: The evidence of the latest look but for the certificates, which are told by leaf (SHA-256) and by
--   their number, and the verdict. Empty in a run without --smtp.
-- source: the project's own
-- rfc: 3207 section 4, 7672 section 2.2
select
    e.host, e.address, e.look, e.observed_at, e.sni, e.outcome, e.code, e.text, e.banner,
    array_to_string(e.keywords, ' ') as keywords, e.detail, e.tls_version, e.tls_cipher, len(e.chain) as certificates,
    e.other_kind, e.other_outcome, v.contact, v.records, v.usable, v.dane, v.rule, v.reason, v.depth, v.other_dane,
    array_to_string(v.near_misses, ' ') as near_misses, v.scheme, lower(hex(v.leaf)) as leaf, v.issuer, v.lifetime,
    array_to_string(v.certificate, ' ') as certificate_flaws, v.rules, e.elapsed
from endpoints as e left join endpoint_verdicts as v using (endpoint);
