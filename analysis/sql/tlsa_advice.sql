-- name: tlsa_advice
-- title: What advice TLSA records do not follow
-- grain: finding
-- definition: Hosts with secure TLSA by finding, each host once for each: selector 0; usage 0 or 1; a record that is
--   unusable by its numbers or length; a TTL below 1,800 or above 3,600 seconds; a DANE-TA record whose anchor is a
--   root (the last certificate sent is self-issued and matches); the `_tcp` node denied although names below it exist;
--   no STARTTLS at some address. Unknown: where the finding needs a conversation or a look-up that was not had.
-- source: Internet.nl 2021, metrics 15, 17 and 19
-- rfc: 7671 sections 4 and 8, 7672 section 3.1
with promised as (select host, hidden_node from host_class where host_state = 'secure'),
records as (
    select host, bool_or(selector = 0) as certificate_selector, bool_or(usage in (0, 1)) as pkix_usage,
        bool_or(not tlsa_usable(usage, selector, matching_type, octets)) as unusable, min(ttl) as ttl
    from tlsa_records where decides group by host
),
talks as (
    select host, bool_or(contact = 'no-starttls') filter (where contact not in
        ('temporary', 'unreachable', 'not-tried')) as no_starttls, bool_or(root_anchor) as root_anchor
    from endpoint_verdicts group by host
),
told as (
    select p.*, coalesce(r.certificate_selector, false) as certificate_selector,
        coalesce(r.pkix_usage, false) as pkix_usage, coalesce(r.unusable, true) as unusable,
        r.ttl not between 1800 and 3600 as ttl, t.no_starttls, t.root_anchor
    from promised as p left join records as r using (host) left join talks as t using (host)
),
listed as (
    select 1 as place, 'selector 0' as finding, certificate_selector as yes from told
    union all select 2, 'usage 0 or 1', pkix_usage from told
    union all select 3, 'unusable record', unusable from told
    union all select 4, 'TTL outside 1,800 to 3,600 s', ttl from told
    union all select 5, 'root pinned', root_anchor from told
    union all select 6, 'hidden node', hidden_node from told
    union all select 7, 'no STARTTLS', no_starttls from told
)
select finding, unnest(figures(count(*) filter (where yes), count(*) filter (where yes is not null),
    count(*) filter (where yes is null)))
from listed
group by place, finding
order by place;
