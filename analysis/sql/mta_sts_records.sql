-- name: mta_sts_records
-- title: What is wrong with MTA-STS records
-- grain: record_flaw; (good) are the valid ones
-- definition: Domains with at least one TXT that begins `v=STSv1`, by the flaw that explains the strict reading of
--   all their records (docs/mtasts-readings.md); no-record are near misses such as `v=STSv1.0`. lenient: of the
--   numerator, those that some deployed sender takes. Unknown: look-ups that failed, bogus and indeterminate ones.
-- source: metric 30; Ashiq et al. 2025 section 4.2
-- rfc: 8461 section 3.1
with counted as (
    select case when record then '(good)' else record_flaw end as record_flaw, count(*) as n,
        count(*) filter (where record_lenient) as lenient
    from policy_verdicts
    where record is not null
    group by all
),
whole as (
    select count(*) filter (where record is not null) as known, count(*) filter (where record is null) as unknown
    from policy_verdicts
)
select record_flaw, unnest(figures(n, known, unknown)), lenient::bigint as lenient
from counted, whole
order by starts_with(record_flaw, '(') desc, n desc, record_flaw;
