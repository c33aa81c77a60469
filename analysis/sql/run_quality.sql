-- name: run_quality
-- title: What the run cost and how well it went
-- grain: measure
-- definition: Packets and seconds per row of domains and hosts (all looks), and of look-ups (latest looks): the part
--   that came to a conclusive answer, the part answered without a packet, tries where packets were sent, and the
--   round trip. keys twice: rows beyond one for each key at the first look, which must be 0. Round trips are told to
--   the millisecond.
-- source: metric 46; OpenINTEL
-- rfc: none
with d as (
    select count(*) as n, sum(queries) as queries, avg(queries) as mean, max(queries) as most, avg(elapsed) as seconds,
        count(*) filter (where look > 1) as later,
        count(*) filter (where look = 1) - count(distinct domain) filter (where look = 1) as twice
    from domain_looks
),
h as (
    select count(*) as n, sum(queries) as queries, avg(queries) as mean, max(queries) as most, avg(elapsed) as seconds,
        count(*) filter (where look > 1) as later,
        count(*) filter (where look = 1) - count(distinct host) filter (where look = 1) as twice
    from host_looks
),
trips as (
    select rtt_ms, sum(n) over (order by rtt_ms) as upto, sum(n) over () as whole
    from (select rtt_ms, sum(n) as n from lookup_counts where rtt_ms is not null group by rtt_ms)
),
l as (
    select sum(n) as n,
        sum(n) filter (where outcome in ('answer', 'nodata', 'nxdomain')) / sum(n)::double as conclusive,
        coalesce(sum(n) filter (where tries = 0), 0) / sum(n)::double as cached,
        sum(n * tries) filter (where tries > 0) / sum(n) filter (where tries > 0)::double as tries, max(tries) as most,
        (select min(rtt_ms) / 1000.0 from trips where 2 * upto >= whole) as rtt,
        (select min(rtt_ms) / 1000.0 from trips where 20 * upto >= 19 * whole) as slow
    from lookup_counts
),
listed as (
    select 1 as place, 'domains: rows' as measure, n::double as value, 'rows' as unit from d
    union all select 2, 'domains: later looks', later, 'rows' from d
    union all select 3, 'domains: keys twice', twice, 'rows' from d
    union all select 4, 'domains: packets', queries, 'packets' from d
    union all select 5, 'domains: packets per row', mean, 'packets' from d
    union all select 6, 'domains: most packets for a row', most, 'packets' from d
    union all select 7, 'domains: seconds per row', seconds, 's' from d
    union all select 11, 'hosts: rows', n, 'rows' from h
    union all select 12, 'hosts: later looks', later, 'rows' from h
    union all select 13, 'hosts: keys twice', twice, 'rows' from h
    union all select 14, 'hosts: packets', queries, 'packets' from h
    union all select 15, 'hosts: packets per row', mean, 'packets' from h
    union all select 16, 'hosts: most packets for a row', most, 'packets' from h
    union all select 17, 'hosts: seconds per row', seconds, 's' from h
    union all select 20, 'all: packets per name', (d.queries + coalesce(h.queries, 0)) / nullif(m.n, 0), 'packets'
    from d, h, (select count(*) as n from names) as m
    union all select 21, 'look-ups', n, 'look-ups' from l
    union all select 22, 'look-ups: conclusive', conclusive, 'part' from l
    union all select 23, 'look-ups: without a packet', cached, 'part' from l
    union all select 24, 'look-ups: packets where any was sent', tries, 'packets' from l
    union all select 25, 'look-ups: most packets', most, 'packets' from l
    union all select 26, 'look-ups: round trip, median', rtt, 's' from l
    union all select 27, 'look-ups: round trip, 95th percentile', slow, 's' from l
)
select measure, value, unit from listed order by place;
