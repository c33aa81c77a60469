-- name: lookup_outcomes
-- title: How the look-ups ended
-- grain: (lookup, outcome, security)
-- definition: Every look-up of the latest looks by kind (view_71_lookup_counts); shares are of the look-ups of that
--   kind. Whatever is not answer, nodata or nxdomain says nothing about the name.
-- source: metric 44; Nosyk et al. 2023
-- rfc: 8914
with counted as (select lookup, outcome, security, sum(n)::bigint as n from lookup_counts group by all)
select lookup, outcome, security, unnest(figures(n, sum(n) over (partition by lookup), 0))
from counted
order by lookup, n desc, outcome, security;
