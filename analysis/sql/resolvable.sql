-- name: resolvable
-- title: Names that resolve
-- grain: state
-- definition: By the MX look-up, asked of every name: exists (it answered, with or without MX), does-not-exist
--   (NXDOMAIN); unknown: the look-up failed, or its answer is bogus or indeterminate; not-measured: no row.
-- source: metric 1
-- rfc: 2308 section 2
with counted as (
    select
        case
            when look is null then 'not-measured'
            when rrset_state(mx_outcome, mx_security) = 'unknown' then 'unknown'
            when mx_outcome = 'nxdomain' then 'does-not-exist'
            else 'exists'
        end as state,
        count(*) as n
    from domain_class
    group by all
),
listed as (
    select * from (values (1, 'exists'), (2, 'does-not-exist'), (3, 'unknown'), (4, 'not-measured')) as v(place, state)
),
whole as (
    select sum(n) filter (where state in ('exists', 'does-not-exist')) as known,
        coalesce(sum(n) filter (where state not in ('exists', 'does-not-exist')), 0) as unknown
    from counted
)
select state, unnest(case
    when place <= 2 then figures(coalesce(n, 0), coalesce(known, 0), unknown)
    else figures(coalesce(n, 0), null, null) end)
from listed left join counted using (state), whole
order by place;
