-- name: mta_sts_modes
-- title: MTA-STS as usable: what a sender gets
-- grain: usable
-- definition: usable of view_90_policy_class, over domains with mail: the mode of the policy, or what stands in its
--   way. Unknown: records or fetches that are unknown, names of which mail is not known, and not-measured names.
-- source: metric 32, which nobody publishes for whole zones
-- rfc: 8461 sections 3.2 and 5
with counted as (select usable, count(*) as n from policy_class where has_mail group by all),
filled as (
    select usable, coalesce(n, 0) as n
    from (select unnest(enum_range(null::policy_state))::policy_state as usable) left join counted using (usable)
),
whole as (
    select sum(n) filter (where usable not in ('unknown', 'not-measured')) as known,
        sum(n) filter (where usable in ('unknown', 'not-measured'))
            + (select count(*) from policy_class where has_mail is null) as unknown
    from filled
)
select usable, unnest(case when usable in ('unknown', 'not-measured') then figures(n, null, null)
    else figures(n, known, unknown) end)
from filled, whole
where usable <> 'not-measured'
order by usable;
