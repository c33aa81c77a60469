-- name: dane_endpoints
-- title: TLSA records against the certificates shown
-- grain: (rule, reason)
-- definition: Endpoints (host and address) of hosts with a secure TLSA RRset, by the rule that fired. The reference
--   name is the TLSA base domain alone, so DANE-TA-NAME may still be good for a domain that the certificate names
--   (view_91_dane_pair). near: of the numerator, those with a near miss; empty_digest, usage, selector, matching_type,
--   not_sent and outweighed are the kinds. domains: domains with mail that one of these hosts serves. Unknown: no
--   session came about for a passing reason.
-- source: metrics 15 and 22; Lee et al. 2020 and 2022
-- rfc: 7672 sections 2.2 and 3
with told as (
    select v.*, v.rule in ('DANE-TEMPORARY', 'DANE-UNREACHABLE', 'DANE-NOT-TRIED') as open
    from endpoint_verdicts as v where v.rule <> 'DANE-NO-RECORD'
),
counted as (
    select rule, reason, open, count(*) as n, count(*) filter (where len(near_misses) > 0) as near,
        count(*) filter (where list_contains(near_misses, 'empty-digest')) as empty_digest,
        count(*) filter (where list_contains(near_misses, 'usage')) as usage,
        count(*) filter (where list_contains(near_misses, 'selector')) as selector,
        count(*) filter (where list_contains(near_misses, 'matching-type')) as matching_type,
        count(*) filter (where list_contains(near_misses, 'not-sent')) as not_sent,
        count(*) filter (where list_contains(near_misses, 'outweighed')) as outweighed,
        coalesce(sum(s.domains), 0)::bigint as domains
    from told left join host_use as s using (host)
    group by all
),
whole as (
    select sum(n) filter (where not open) as known, coalesce(sum(n) filter (where open), 0) as unknown from counted
)
select rule, reason, unnest(case when open then figures(n, null, null) else figures(n, known, unknown) end),
    near, empty_digest, usage, selector, matching_type, not_sent, outweighed, domains
from counted, whole
order by open, n desc, rule, reason;
