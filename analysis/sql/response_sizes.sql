-- name: response_sizes
-- title: How large the replies are
-- grain: (lookup, property)
-- definition: Look-ups of the latest looks whose answer was read from a message of ours to measure: those from the
--   cache, told along by a referral, or without a reply are unknown. Sizes are octets of the DNS message, of the whole
--   one where the first was cut short. Over 1,232: more than the payload that we offer (DNS flag day 2020); over 1,500:
--   more than an Ethernet frame; over TCP: cut short over UDP, and fetched over TCP. truncated: the TCP fetch failed,
--   among all look-ups of the kind. median, p99 and largest are of the kind as a whole.
-- source: metric 20; Zhu et al. 2015
-- rfc: 6891 section 6.2.5, 7766 section 5
with measured as (
    select lookup,
        count(*) as asked,
        count(size) as n,
        count(*) filter (where size > 1232) as wide,
        count(*) filter (where size > 1500) as frame,
        count(*) filter (where tcp) as over_tcp,
        count(*) filter (where outcome = 'truncated') as lost,
        median(size) as median, quantile_cont(size, 0.99) as p99, max(size) as largest
    from lookups group by lookup
),
listed as (
    select lookup, 1 as place, 'over 1232 octets' as property, wide as n, n as d, asked - n as u, median, p99, largest
    from measured
    union all select lookup, 2, 'over 1500 octets', frame, n, asked - n, median, p99, largest from measured
    union all select lookup, 3, 'over tcp', over_tcp, n, asked - n, median, p99, largest from measured
    union all select lookup, 4, 'truncated', lost, asked, 0, median, p99, largest from measured
)
select lookup, property, unnest(figures(n, d, u)), median, p99, largest from listed order by lookup, place;
