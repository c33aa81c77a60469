-- name: series
-- title: All runs, side by side
-- grain: (run, measure), in the order in which they were given
-- definition: The shares that are followed over time. dnssec: secure, of names whose zone's state is known. dane:
--   full or partial as published, of names with mail; dane-effective: valid, of names with DANE that were talked to;
--   record: a valid MTA-STS record, of names with mail; mta-sts: enforce or testing; tlsrpt: a valid record. Nothing
--   here is of kept names alone: the population may have changed.
-- source: the DANE survey's curves
-- rfc: none
with told as (
    select run, nth, unnest([
        {'place': 1, 'measure': 'dnssec', 'has': case when is_known(dnssec) then dnssec = 'secure' end},
        {'place': 2, 'measure': 'dane', 'has': case when has_mail and is_known(dane)
            then dane in ('full', 'partial') end},
        {'place': 3, 'measure': 'dane-effective', 'has': case when dane in ('full', 'partial')
            and is_known(dane_effective) then dane_effective = 'valid' end},
        {'place': 4, 'measure': 'record', 'has': case when has_mail and is_known(record) then record = 'valid' end},
        {'place': 5, 'measure': 'mta-sts', 'has': case when has_mail and is_known(mta_sts)
            then mta_sts in ('enforce', 'testing') end},
        {'place': 6, 'measure': 'tlsrpt', 'has': case when has_mail and is_known(tlsrpt) then tlsrpt = 'valid' end}
        ], recursive := true),
        has_mail, dane
    from all_domains
)
select run, measure, unnest(figures(count(*) filter (where has), count(has),
    count(*) filter (where has is null and (measure = 'dnssec' or coalesce(has_mail, true))
        and (measure <> 'dane-effective' or dane in ('full', 'partial')))))
from told
group by run, nth, measure, place
order by nth, place;
