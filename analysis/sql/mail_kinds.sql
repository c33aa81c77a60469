-- name: mail_kinds
-- title: What the names say about mail
-- grain: class
-- definition: Classes of mail_class (view_30_domain_class) over all names; unknown and not-measured are the
--   unknown. mx, null-mx-mixed and implicit are the domains with mail.
-- source: metric 2; Schaumann 2023
-- rfc: 5321 section 5.1, 7505
with counted as (select mail_class as class, count(*) as n from domain_class group by class),
listed as (select unnest(enum_range(null::mail_class))::mail_class as class),
filled as (
    select class, coalesce(n, 0) as n, class not in ('unknown', 'not-measured') as known
    from listed left join counted using (class)
),
whole as (select sum(n) filter (where known) as known_all, sum(n) filter (where not known) as unknown_all from filled)
select class, unnest(case when known then figures(n, known_all, unknown_all) else figures(n, null, null) end)
from filled, whole
order by class;
