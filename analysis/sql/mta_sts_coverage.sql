-- name: mta_sts_coverage
-- title: Whether policies admit the mail hosts they stand for
-- grain: (mode, coverage, mismatch)
-- definition: Usable policies of domains with mail hosts, by how many of the hosts their patterns admit, and, where
--   not all, by the mismatch of the first host that is not admitted: mta-sts-label (the pattern names the policy
--   host), labels (same registrable name), tld, typo (edit distance of three or less), domain. Unknown: MX unknown.
-- source: metric 34; Ashiq et al. 2025 section 4.4
-- rfc: 8461 section 4.1
with wanted as (
    select mode, coverage, uncovered[1].kind as mismatch from policy_class
    where state = 'usable' and coverage <> 'no-hosts'
),
counted as (select mode, coverage, mismatch, count(*) as n from wanted group by all),
whole as (
    select mode, count(*) filter (where coverage <> 'unknown') as known,
        count(*) filter (where coverage = 'unknown') as unknown
    from wanted
    group by mode
)
select mode, coverage, mismatch,
    unnest(case when coverage = 'unknown' then figures(n, null, null) else figures(n, known, unknown) end)
from counted join whole using (mode)
order by mode, array_position(['all', 'some', 'none', 'unknown'], coverage), n desc, mismatch;
