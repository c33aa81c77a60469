-- name: mta_sts_ids
-- title: Policy ids, and how many domains share one
-- grain: band of sharing
-- definition: Valid records by the number of domains in this run that announce the same id. ids: distinct ids in the
--   band. An id only has to be new when the domain's own policy changes; a shared one shows a common operator or a
--   copied example. Whether ids change with policies needs two runs.
-- source: metric 37
-- rfc: 8461 section 3.1
with shared as (select policy_id, count(*) as n from policy_class where published = 'valid' group by policy_id),
banded as (
    select case when n = 1 then 1 when n <= 10 then 2 when n <= 100 then 3 else 4 end as band, n from shared
),
whole as (select sum(n) as known from banded)
select ['one domain', '2 to 10', '11 to 100', 'over 100'][band] as domains,
    unnest(figures(sum(n), any_value(known), 0)),
    count(*) as ids
from banded, whole
group by band
order by band;
