-- name: senders
-- title: What senders get
-- grain: (sender, outcome)
-- definition: Domains with mail by what each kind of sender gets (view_93_sender): authenticated, encrypted (anybody
--   could have answered), plaintext, deferred (nothing is delivered). Unknown: a host that decides was not talked to,
--   and names of which mail is not known. Needs --smtp; with --probe needed, only hosts with secure TLSA or under an
--   MTA-STS policy are known.
-- source: metric 40
-- rfc: 7672 section 2.2, 8461 sections 2 and 5
with kinds as (select plain, dane, mta_sts, both_, count(*) as n from sender_class group by all),
counted as (
    select sender, outcome, sum(n)::bigint as n
    from (
        select 'plain' as sender, plain as outcome, n from kinds union all select 'dane', dane, n from kinds
        union all select 'mta-sts', mta_sts, n from kinds union all select 'both', both_, n from kinds)
    where outcome not in ('no-mail', 'not-measured')
    group by all
),
listed as (
    select s.sender, o.outcome, coalesce(n, 0) as n
    from (values (1, 'plain'), (2, 'dane'), (3, 'mta-sts'), (4, 'both')) as s(place, sender)
    cross join (select unnest(enum_range(null::sender_outcome))::sender_outcome as outcome) as o
    left join counted as c on c.sender = s.sender and c.outcome = o.outcome
    where o.outcome not in ('no-mail', 'not-measured')
),
whole as (
    select sender, sum(n) filter (where outcome <> 'unknown') as known,
        sum(n) filter (where outcome = 'unknown')
            + (select count(*) from domain_class where mail_class = 'not-measured') as unknown
    from listed
    group by sender
)
select sender, outcome,
    unnest(case when outcome = 'unknown' then figures(n, null, null) else figures(n, known, unknown) end)
from listed join whole using (sender)
order by array_position(['plain', 'dane', 'mta-sts', 'both'], sender), outcome;
