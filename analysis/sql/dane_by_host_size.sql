-- name: dane_by_host_size
-- title: Valid and invalid DANE by how many domains a host serves
-- grain: band of domains per host
-- definition: Hosts with secure TLSA that were talked to, by the number of domains with mail that name them; numerator:
--   those whose every address with a conversation is authenticated (or without usable records has TLS). domains: of the
--   band. Unknown: hosts where no conversation came about for a passing reason.
-- source: metric 27; Lee et al. 2022 figure 2
-- rfc: 7672 section 2.2
with hosts_ as (
    select host,
        bool_and(dane in ('authenticated', 'unusable')) filter (where contact not in
            ('temporary', 'unreachable', 'not-tried')) as good
    from endpoint_verdicts
    where rule <> 'DANE-NO-RECORD'
    group by host
),
sized as (
    select h.host, coalesce(h.good, false) as good, h.good is null as open, u.domains
    from hosts_ as h join host_use as u using (host)
),
banded as (
    select case when domains = 1 then 1 when domains <= 10 then 2 when domains <= 100 then 3 when domains <= 1000 then 4
        else 5 end as band, *
    from sized
)
select ['1', '2 to 10', '11 to 100', '101 to 1,000', 'over 1,000'][band] as domains_per_host,
    unnest(figures(count(*) filter (where good and not open), count(*) filter (where not open),
        count(*) filter (where open))),
    sum(domains)::bigint as domains
from banded
group by band
order by band;
