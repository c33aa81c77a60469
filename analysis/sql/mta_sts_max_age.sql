-- name: mta_sts_max_age
-- title: How long policies may be kept
-- grain: (mode, band of max_age)
-- definition: max_age of usable policies, in seconds; the bands end at a day, a week, two weeks, a month (31 days) and
--   a year, each included. least and most are the values in the band. RFC 8461 section 3.2 suggests weeks or more.
-- source: metric 33
-- rfc: 8461 section 3.2
with banded as (
    select mode, max_age,
        case
            when max_age < 86400 then 1 when max_age = 86400 then 2 when max_age <= 604800 then 3
            when max_age <= 1209600 then 4 when max_age <= 2678400 then 5 when max_age < 31557600 then 6 else 7
        end as band
    from policy_class
    where state = 'usable'
),
counted as (select mode, band, count(*) as n, min(max_age) as least, max(max_age) as most from banded group by all),
whole as (select mode, sum(n) as known from counted group by mode)
select mode,
    ['below a day', 'a day', 'to a week', 'to two weeks', 'to a month', 'below a year', 'a year'][band] as max_age,
    unnest(figures(n, known, 0)), least, most
from counted join whole using (mode)
order by mode, band;
