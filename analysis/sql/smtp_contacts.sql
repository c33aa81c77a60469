-- name: smtp_contacts
-- title: How far conversations with mail hosts came
-- grain: (population, contact, outcome)
-- definition: Endpoints (host and address) at their latest look, all of them and those of hosts with secure TLSA.
--   Shares are of the endpoints whose contact is known: tls, tls-failed, no-starttls and rejected; temporary,
--   unreachable and not-tried are the unknown.
-- source: metric 23; Durumeric et al. 2015, Lee et al. 2020
-- rfc: 3207, 5321 section 4.2
with told as (
    select v.contact, e.outcome, h.host_state = 'secure' as promised
    from endpoints as e join endpoint_verdicts as v using (endpoint) left join host_class as h on h.host = e.host
),
split as (
    select 1 as place, 'all endpoints' as population, contact, outcome from told
    union all select 2, 'with secure TLSA', contact, outcome from told where promised
),
counted as (
    select place, population, contact, outcome, count(*) as n,
        contact in ('temporary', 'unreachable', 'not-tried') as open
    from split
    group by all
),
whole as (
    select population, sum(n) filter (where not open) as known, coalesce(sum(n) filter (where open), 0) as unknown
    from counted
    group by population
)
select population, contact, outcome,
    unnest(case when open then figures(n, null, null) else figures(n, known, unknown) end)
from counted join whole using (population)
order by place, open, n desc, outcome;
