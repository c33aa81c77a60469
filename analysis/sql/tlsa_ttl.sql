-- name: tlsa_ttl
-- title: TTL of TLSA RRsets
-- grain: band
-- definition: Hosts by the TTL, in seconds, of the TLSA RRset that decides, as the authoritative server gave it.
--   Unknown: hosts whose state is unknown or not-measured. Advice in the field is 1,800 to 3,600 seconds.
-- source: metric 17; Lee et al. 2022
-- rfc: 7671 section 13
with bands as (
    select * from (values
        (1, 'below 300', 0, 300), (2, '300 to 1799', 300, 1800), (3, '1800 to 3600', 1800, 3601),
        (4, '3601 to 14399', 3601, 14400), (5, '14400 to 86399', 14400, 86400), (6, '86400', 86400, 86401),
        (7, 'above 86400', 86401, 4294967296)
    ) as v(place, band, low, high)
),
counted as (
    select bands.place as nth, band, count(h.host) as n
    from bands left join host_class as h on h.place is not null and h.ttl >= low and h.ttl < high
    group by all
),
whole as (
    select count(*) filter (where place is not null and ttl is not null) as known,
        count(*) filter (where place is null and host_state in ('unknown', 'not-measured')) as unknown
    from host_class
)
select band, unnest(figures(n, known, unknown)) from counted, whole order by nth;
