-- name: empty_non_terminals
-- title: TLSA records as resolvers with and without QNAME minimisation see them
-- grain: resolver, class
-- definition: Hosts at which TLSA records were found. A resolver that sends the whole name sees them all: found. One
--   that minimises asks for `_tcp` first, which has no records of its own but must exist (an empty non-terminal), and
--   may take NXDOMAIN there for the end of all below: class denied (tcp_node is NXDOMAIN, secure or insecure). Bogus,
--   indeterminate and failed look-ups of `_tcp`, and hosts of which it was not asked, are unknown. The evidence is
--   the same for scans with and without --no-qmin: `_25._tcp` and `_tcp` are always asked as whole names.
-- source: metric 19; Internet.nl
-- rfc: 8020 section 2, 9156 section 2.3
with held as (
    select h.host, case
        when t.tcp_node.security not in ('secure', 'insecure') then 'unknown'
        when t.tcp_node.outcome = 'nxdomain' then 'denied'
        when t.tcp_node.outcome in ('answer', 'nodata') then 'found'
        else 'unknown'
    end as minimised
    from host_class as h join hosts as t using (host) where h.place is not null
),
counted as (
    select 'whole name' as resolver, 'found' as class, 1 as nth, count(*) as n, count(*) as known, 0 as unknown
    from held
    union all select 'whole name', 'denied', 2, 0, count(*), 0 from held
    union all select 'whole name', 'unknown', 3, 0, null, null
    union all select 'minimised', class, nth + 3, count(h.host),
        case when class <> 'unknown' then (select count(*) from held where minimised <> 'unknown') end,
        case when class <> 'unknown' then (select count(*) from held where minimised = 'unknown') end
    from (values (1, 'found'), (2, 'denied'), (3, 'unknown')) as c(nth, class)
        left join held as h on h.minimised = c.class
    group by class, nth
)
select resolver, class, unnest(figures(n, known, unknown)) from counted order by nth;
