-- name: dnssec_algorithms
-- title: DNSSEC algorithms and digests
-- grain: (record, number)
-- definition: Domains whose DS or DNSKEY RRset holds the algorithm or digest type, once each, among domains whose
--   zone has such an RRset, as published: also where its validation fails. A domain with two algorithms counts in
--   both rows. Unknown: measured names whose DS or DNSKEY look-up failed or whose zone could not be found, and
--   not-measured names.
-- source: metric 8; Hardaker, ICANN ITHI, SIDN Labs
-- rfc: 4034 sections 2 and 5, 9904
with kinds as (
    select 'ds algorithm' as record, lost, ds_outcome as outcome, ds_security as security, ds_algorithms as numbers, n
    from zone_keys
    union all select 'ds digest', lost, ds_outcome, ds_security, ds_digests, n from zone_keys
    union all select 'dnskey algorithm', lost, dnskey_outcome, dnskey_security, dnskey_algorithms, n from zone_keys
),
whole as (
    select
        record,
        coalesce(sum(n) filter (where outcome = 'answer'), 0) as known,
        coalesce(sum(n) filter (where lost or (outcome <> 'answer' and rrset_state(outcome, security) = 'unknown')), 0)
        + (select count(*) from domain_class where dnssec_class = 'not-measured') as unknown
    from kinds
    group by record
),
counted as (
    select record, number, sum(n) as n
    from (select record, n, unnest(numbers) as number from kinds where outcome = 'answer')
    group by all
)
select
    record, number, case record when 'ds digest' then digest_name(number) else algorithm_name(number) end as name,
    unnest(figures(n, known, unknown))
from counted join whole using (record)
order by record desc, n desc, number;
