-- name: dnssec_states
-- title: DNSSEC state of the names' zones
-- grain: class
-- definition: Classes of dnssec_class (view_30_domain_class) over all names; indeterminate and not-measured are the
--   unknown. An insecure zone whose DNSKEY look-up failed counts as insecure though it may be an island.
-- source: metric 6; Chung et al. 2017
-- rfc: 4035 section 4.3
with counted as (select dnssec_class as class, count(*) as n from domain_class group by class),
listed as (select unnest(enum_range(null::dnssec_class))::dnssec_class as class),
filled as (
    select class, coalesce(n, 0) as n, class not in ('indeterminate', 'not-measured') as known
    from listed left join counted using (class)
),
whole as (select sum(n) filter (where known) as known_all, sum(n) filter (where not known) as unknown_all from filled)
select class, unnest(case when known then figures(n, known_all, unknown_all) else figures(n, null, null) end)
from filled, whole
order by class;
