-- name: mx_hosts_per_domain
-- title: How many mail hosts and preferences a domain has
-- grain: (property, value)
-- definition: Domains with an MX RRset that is no null MX alone, by the number of distinct mail hosts that its
--   records name (junk targets among them, the null MX left out) and by the number of distinct preferences. Unknown:
--   domains whose MX RRset is not known, and not-measured names.
-- source: metric 3; Schaumann 2023
-- rfc: 5321 section 5.1
with told as (
    select hosts, preferences, n from route_shapes where mail_class in ('mx', 'null-mx-mixed') and hosts > 0
),
listed as (
    select 1 as place, 'hosts' as property, hosts as value, n from told
    union all select 2, 'preferences', preferences, n from told
),
banded as (
    select place, property, case when value <= 5 then value when value <= 10 then 6 else 7 end as band,
        sum(n)::bigint as n
    from listed group by all
),
whole as (
    select (select sum(n)::bigint from told) as known,
        (select count(*) from domain_class where mail_class in ('unknown', 'not-measured')) as unknown
)
select property, ['1', '2', '3', '4', '5', '6 to 10', 'over 10'][band] as value, unnest(figures(n, known, unknown))
from banded, whole
order by place, band;
