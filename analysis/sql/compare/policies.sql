-- name: policies
-- title: Whether MTA-STS ids change with policies
-- grain: (id, policy)
-- definition: Names with a valid record in both runs, by whether the record's id and the octets of the policy file
--   are the same. A policy that changed without its id is one that senders go on using the old version of until max_age
--   ends. Unknown: the policy could not be fetched in one of the runs.
-- source: metric 37
-- rfc: 8461 section 3.1
with told as (
    select b.policy_id = a.policy_id as same_id, b.policy = a.policy as same_policy
    from kept where b.record = 'valid' and a.record = 'valid'
),
whole as (select count(same_policy) as known, count(*) - count(same_policy) as unknown from told)
select case when same_id then 'same' else 'changed' end as id,
    case when same_policy then 'same' else 'changed' end as policy,
    unnest(figures(count(*), any_value(known), any_value(unknown)))
from told, whole
where same_policy is not null
group by same_id, same_policy
order by same_id desc, same_policy desc;
