-- name: by_dns_operator
-- title: Adoption by DNS operator
-- grain: (operator, measure, level): the 20 operator groups with the most names, or `set variable top = N`, and the
--   rest
-- definition: The twelve questions of view_94_measured, for each operator of view_61_dns_operator, of names that
--   were measured. Shares are of those to whom the question applies and is answered; unknown: those to whom it may
--   apply, unanswered.
-- source: metric 43; Chung et al. 2017, SIDN Labs
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with counted as (
    select o.operator, m.kind, count(*) as n from measured as m join dns_operator as o using (domain) group by all
),
sized as (select operator, sum(n) as size from counted group by operator),
placed as (
    select operator, row_number() over (partition by starts_with(operator, '(') order by size desc, operator) as place
    from sized
),
shown as (
    select
        case when starts_with(operator, '(') or place <= coalesce(getvariable('top'), 20) then operator
            else '(others)' end as operator,
        kind, sum(n) as n
    from counted join placed using (operator)
    group by all
),
ordered as (select operator, sum(n) as size from shown group by operator)
select operator, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown join ordered using (operator)
cross join measures as m
group by operator, size, m.place, m.measure, m.level
order by starts_with(operator, '('), size desc, operator, m.place;
