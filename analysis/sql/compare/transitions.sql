-- name: transitions
-- title: From which class to which
-- grain: (subject, before, after), of names that both runs have
-- definition: view_20_state as a matrix. Shares are of the names of the class before; unknown counts those whose
--   class now is one of not knowing, which have rows of their own, too.
-- source: metric 42
-- rfc: none
with counted as (
    select subject, before, after, known_after, count(*) as n from state group by all
),
whole as (
    select subject, before, sum(n) filter (where known_after) as known,
        coalesce(sum(n) filter (where not known_after), 0) as unknown
    from counted group by all
)
select c.subject, c.before, c.after,
    unnest(case when known_after then figures(n, known, unknown) else figures(n, null, null) end)
from counted as c join whole as w using (subject, before)
order by list_position(['dnssec', 'mail', 'dane', 'dane-effective', 'mta-sts', 'mta-sts-effective', 'tlsrpt'], subject),
    c.before, c.after = c.before desc, n desc, c.after;
