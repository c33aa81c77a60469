-- name: mx_targets
-- title: What MX records name
-- grain: target
-- definition: Domains with at least one MX record of the kind, among domains with an MX RRset (mail_class mx,
--   null-mx-mixed, null-mx); a domain may count more than once. records: MX records of the kind. Names whose mail
--   class is unknown or not-measured are the unknown.
-- source: metric 2; Schaumann 2023
-- rfc: 5321 section 5.1, 6761 section 6.3, 7505
with whole as (
    select
        count(*) filter (where mail_class in ('mx', 'null-mx-mixed', 'null-mx')) as known,
        count(*) filter (where mail_class in ('unknown', 'not-measured')) as unknown
    from domain_class
),
listed as (
    select * from (values (1, 'host'), (2, 'null'), (3, 'localhost'), (4, 'address'),
        (5, 'single-label'), (6, 'bad-name'))
        as v(place, target)
),
shapes as (from route_shapes where mail_class in ('mx', 'null-mx-mixed', 'null-mx')),
counted as (
    select 'host' as target, sum(n) as n, sum(n_host) as records from shapes where has_host
    union all select 'null', sum(n), sum(n_null) from shapes where has_null
    union all select 'localhost', sum(n), sum(n_localhost) from shapes where has_localhost
    union all select 'address', sum(n), sum(n_literal) from shapes where has_literal
    union all select 'single-label', sum(n), sum(n_single_label) from shapes where has_single_label
    union all select 'bad-name', sum(n), sum(n_bad_name) from shapes where has_bad_name
)
select target, unnest(figures(coalesce(n, 0), known, unknown)), coalesce(records, 0)::bigint as records
from listed left join counted using (target), whole
order by place;
