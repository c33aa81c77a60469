-- name: lookup_outcomes
-- title: How the look-ups ended
-- grain: (lookup, outcome, security)
-- definition: Every look-up of the latest looks by kind (view_70_lookups); shares are of the look-ups of that kind.
--   Whatever is not answer, nodata or nxdomain says nothing about the name.
-- source: metric 44; Nosyk et al. 2023
-- rfc: 8914
with counted as (select lookup, outcome, security, count(*) as n from lookups group by all)
select lookup, outcome, security, unnest(figures(n, sum(n) over (partition by lookup), 0))
from counted
order by lookup, n desc, outcome, security;
