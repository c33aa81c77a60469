-- name: dnssec_key_sizes
-- title: DNSSEC key sizes
-- grain: (role, algorithm, bits)
-- definition: Keys of the DNSKEY RRsets of measured names (a zone that serves two names counts twice) as published.
--   role is ksk (flag SEP), zsk, or other (not a zone key); bits is null where the key's form is not known. Shares
--   are of the keys of the role. The keys of a zone whose DNSKEY look-up failed cannot be counted: no bounds.
-- source: metric 8; Chung et al. 2017
-- rfc: 4034 section 2.1
with keys as (
    select
        case when k.flags & 256 = 0 then 'other' when k.flags & 1 = 1 then 'ksk' else 'zsk' end as role,
        k.algorithm, k.bits
    from (select unnest(dnskey_set) as k from domain_facts where dnskey_outcome = 'answer')
),
counted as (select role, algorithm, bits, count(*) as n from keys group by all)
select role, algorithm, algorithm_name(algorithm) as name, bits,
    unnest(figures(n, sum(n) over (partition by role), null))
from counted
order by role, n desc, algorithm, bits;
