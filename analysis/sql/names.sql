-- name: names
-- title: Names and rejected entries
-- grain: (what, why)
-- definition: Every entry of the input is one of three: a name to measure, a copy of a name already taken, or a
--   reject. Shares are of all entries. Measured names have a row in domains; the others are not-measured
--   everywhere.
-- source: metric 1
-- rfc: 1035 section 2.3.4, 5891
with counted as (
    select 1 as place, 'entries' as what, 'all' as why,
        (select coalesce(sum(copies), 0) from names) + (select count(*) from rejects) as n
    union all select 2, 'names', 'to measure', count(*) from names
    union all select 3, 'names', 'measured', count(*) from domain_class where dnssec_class <> 'not-measured'
    union all select 4, 'names', 'not-measured', count(*) from domain_class where dnssec_class = 'not-measured'
    union all select 5, 'copies', 'folded into a name', coalesce(sum(copies - 1), 0) from names
    union all select 6, 'rejects', 'all', count(*) from rejects
    union all select 7, 'rejects', why, count(*) from rejects group by why
)
select what, why, unnest(figures(n, max(n) filter (where place = 1) over (), 0))
from counted
order by place, n desc, why;
