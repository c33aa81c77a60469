-- name: second_looks
-- title: What later looks changed
-- grain: table
-- definition: Keys that were looked at again, since something failed that may pass, and of them (numerator) those of
--   which the last look says something else than the first: of domains, the outcome or DNSSEC state of MX, of the
--   policy records or of the zone; of hosts, of the addresses or of TLSA; of policies and endpoints, the outcome.
--   Statistics go by the last look. looked: keys with a row at all.
-- source: the project's own; design.md has failed rows that may pass looked at again
-- rfc: none
with keys as (
    select 'domains' as stage, domain as key from domain_looks where look > 1
    union select 'hosts', host from host_looks where look > 1
    union select 'policies', domain from policy_looks where look > 1
    union select 'endpoints', endpoint from endpoint_looks where look > 1
),
told as (
    select 'domains' as stage, domain as key, look, concat_ws(' ', mx.outcome, mx.security, zone_security,
        mta_sts.outcome, mta_sts.security, tlsrpt.outcome, tlsrpt.security) as said
    from domain_looks where domain in (select key from keys where stage = 'domains')
    union all
    select 'hosts', host, look, concat_ws(' ', a.outcome, a.security, aaaa.outcome, aaaa.security,
        coalesce(tlsa_expanded.outcome, '-'), coalesce(tlsa_expanded.security, '-'), tlsa_initial.outcome,
        tlsa_initial.security)
    from host_looks where host in (select key from keys where stage = 'hosts')
    union all select 'policies', domain, look, outcome from policy_looks
    where domain in (select key from keys where stage = 'policies')
    union all select 'endpoints', endpoint, look, outcome from endpoint_looks
    where endpoint in (select key from keys where stage = 'endpoints')
),
again as (
    select stage, key, arg_min(said, look) <> arg_max(said, look) as changed
    from told group by stage, key having count(*) > 1
),
looked as (
    select 'domains' as stage, count(*) as looked from domain_looks where look = 1
    union all select 'hosts', count(*) from host_looks where look = 1
    union all select 'policies', count(*) from policy_looks where look = 1
    union all select 'endpoints', count(*) from endpoint_looks where look = 1
)
select l.stage as "table", unnest(figures(count(*) filter (where a.changed), count(a.key), 0)),
    any_value(l.looked) as looked
from looked as l left join again as a using (stage)
where l.looked > 0
group by l.stage
order by list_position(['domains', 'hosts', 'policies', 'endpoints'], l.stage);
