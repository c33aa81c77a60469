-- name: causes
-- title: What was gained and lost, and why
-- grain: (subject, direction, cause)
-- definition: view_30_move, counted. Shares are of what was gained or lost of the subject. largest is who stands
--   behind most of them, with how many names.
-- source: metric 42
-- rfc: 7672 section 2.2, 8461 section 3
with grouped as (select subject, direction, cause, who, count(*) as n from move group by all)
select subject, direction, cause,
    unnest(figures(sum(n), sum(sum(n)) over (partition by subject, direction), 0)),
    arg_max(who, (n, who)) as largest, max(n) as of_them
from grouped
group by subject, direction, cause
order by list_position(['dnssec', 'dane', 'dane-effective', 'mta-sts'], subject), direction, sum(n) desc, cause;
