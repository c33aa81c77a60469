-- name: host_states
-- title: Mail hosts by what they publish
-- grain: class
-- definition: Distinct MX targets that can be hosts, by host_state (view_10_host_class); unknown and not-measured
--   are the unknown. domains: domains with mail that name at least one such host; a domain may count in several
--   rows.
-- source: metrics 5 and 19
-- rfc: 7672 section 2.2
with counted as (select host_state as class, count(*) as n from host_class group by class),
shapes as (from route_shapes where has_mail),
used as (
    select 'secure'::host_state as class, sum(n) as domains from shapes where has_secure
    union all select 'unsigned', sum(n) from shapes where has_unsigned
    union all select 'none', sum(n) from shapes where has_none
    union all select 'no-address', sum(n) from shapes where has_no_address
    union all select 'unknown', sum(n) from shapes where has_unknown
    union all select 'not-measured', sum(n) from shapes where has_not_measured
),
filled as (
    select class, coalesce(n, 0) as n, coalesce(domains, 0)::bigint as domains,
        class not in ('unknown', 'not-measured') as known
    from (select unnest(enum_range(null::host_state))::host_state as class)
    left join counted using (class) left join used using (class)
),
whole as (select sum(n) filter (where known) as known_all, sum(n) filter (where not known) as unknown_all from filled)
select class, unnest(case when known then figures(n, known_all, unknown_all) else figures(n, null, null) end), domains
from filled, whole
order by class;
