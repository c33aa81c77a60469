-- name: events
-- title: Who moved many names at once
-- grain: (subject, direction, cause, who): the 20 largest, or `set variable top = N`
-- definition: view_30_move by who stands behind it; `self` and `zone` are left out, for they are many. Shares are of
--   all that was gained or lost of the subject.
-- source: metric 42; the DANE survey's texts on provider events
-- rfc: none
with counted as (
    select subject, direction, cause, who, count(*) as n, sum(count(*)) over (partition by subject, direction) as whole
    from move group by subject, direction, cause, who
)
select subject, direction, cause, who, unnest(figures(n, whole, 0))
from counted where who not in ('self', 'zone')
order by n desc, subject, direction, cause, who
limit coalesce(getvariable('top'), 20);
