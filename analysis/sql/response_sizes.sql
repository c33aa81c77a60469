-- name: response_sizes
-- title: How large the replies are
-- grain: (lookup, property)
-- definition: Look-ups of the latest looks whose answer was read from a message of ours to measure: those from the
--   cache, told along by a referral, or without a reply are unknown. Sizes are octets of the DNS message, of the
--   whole one where the first was cut short. Over 1,232: more than the payload that we offer (DNS flag day 2020);
--   over 1,500: more than an Ethernet frame; over TCP: cut short over UDP, and fetched over TCP. truncated: the TCP
--   fetch failed, among all look-ups of the kind. median, p99 and largest are of the kind as a whole: sizes that so
--   many are not above.
-- source: metric 20; Zhu et al. 2015
-- rfc: 6891 section 6.2.5, 7766 section 5
with placed as (
    select lookup, size, n, sum(n) over (partition by lookup order by size) as upto,
        sum(n) over (partition by lookup) as d
    from (select lookup, size, sum(n) as n from lookup_counts where size is not null group by all)
),
middles as (
    select lookup, min(size) filter (where 2 * upto >= d) as median,
        min(size) filter (where 100 * upto >= 99 * d) as p99, max(size) as largest
    from placed group by lookup
),
counted as (
    select lookup,
        sum(n)::bigint as asked,
        coalesce(sum(n) filter (where size is not null), 0)::bigint as n,
        coalesce(sum(n) filter (where size > 1232), 0)::bigint as wide,
        coalesce(sum(n) filter (where size > 1500), 0)::bigint as frame,
        coalesce(sum(n) filter (where tcp), 0)::bigint as over_tcp,
        coalesce(sum(n) filter (where outcome = 'truncated'), 0)::bigint as lost
    from lookup_counts group by lookup
),
measured as (from counted left join middles using (lookup)),
listed as (
    select lookup, 1 as place, 'over 1232 octets' as property, wide as n, n as d, asked - n as u, median, p99, largest
    from measured
    union all select lookup, 2, 'over 1500 octets', frame, n, asked - n, median, p99, largest from measured
    union all select lookup, 3, 'over tcp', over_tcp, n, asked - n, median, p99, largest from measured
    union all select lookup, 4, 'truncated', lost, asked, 0, median, p99, largest from measured
)
select lookup, property, unnest(figures(n, d, u)), median, p99, largest from listed order by lookup, place;
