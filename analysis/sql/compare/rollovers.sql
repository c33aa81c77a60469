-- name: rollovers
-- title: How certificates and TLSA records were changed
-- grain: (changed, behaviour), of mail hosts' addresses
-- definition: view_40_rollover, counted; changed tells whether the leaf certificate is another. Shares are of all
--   with the same answer. older_certificate: of them, those whose records still are those of the certificate before.
--   days: between the two conversations, the median.
-- source: metric 28; Lee et al. 2020 and 2022
-- rfc: 7671 section 8.1
select changed, behaviour,
    unnest(figures(count(*), sum(count(*)) over (partition by changed), 0)),
    count(*) filter (where older_certificate) as older_certificate,
    round(median(seconds) / 86400, 3) as days
from rollover
group by changed, behaviour
order by changed desc, count(*) desc, behaviour;
