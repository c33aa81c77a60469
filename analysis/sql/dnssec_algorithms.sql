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
    select 'ds algorithm' as record, domain, zone is null as lost, ds.outcome as outcome, ds.security as security,
        list_distinct(list_transform(ds_set, lambda x: x.algorithm)) as numbers
    from domains
    union all
    select 'ds digest', domain, zone is null, ds.outcome, ds.security,
        list_distinct(list_transform(ds_set, lambda x: x.digest_type))
    from domains
    union all
    select 'dnskey algorithm', domain, zone is null, dnskey.outcome, dnskey.security,
        list_distinct(list_transform(dnskey_set, lambda x: x.algorithm))
    from domains
),
whole as (
    select
        record,
        count(*) filter (where outcome = 'answer') as known,
        count(*) filter (where lost or (outcome <> 'answer' and rrset_state(outcome, security) = 'unknown'))
        + (select count(*) from domain_class where dnssec_class = 'not-measured') as unknown
    from kinds
    group by record
),
counted as (
    select record, number, count(*) as n
    from (select record, unnest(numbers) as number from kinds where outcome = 'answer')
    group by all
)
select
    record, number, case record when 'ds digest' then digest_name(number) else algorithm_name(number) end as name,
    unnest(figures(n, known, unknown))
from counted join whole using (record)
order by record desc, n desc, number;
