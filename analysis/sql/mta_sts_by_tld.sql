-- name: mta_sts_by_tld
-- title: MTA-STS records by top-level domain
-- grain: tld: the 20 with the most domains with mail, or `set variable top = N`, and the rest
-- definition: Of the domains with mail under each TLD, those with an MTA-STS record, valid or not (sts_class valid or
--   invalid). Unknown: records unknown, names of which mail is not known, and not-measured names of that TLD.
-- source: metric 29; Ashiq et al. 2025, Tatang et al. 2021
-- rfc: 8461 section 3.1
with counted as (
    select
        tld,
        count(*) filter (where has_mail and sts_class in ('valid', 'invalid')) as n,
        count(*) filter (where has_mail and sts_class in ('valid', 'invalid', 'none')) as known,
        count(*) filter (where has_mail is null or (has_mail and sts_class in ('unknown', 'not-measured'))) as unknown
    from domain_class
    group by tld
),
placed as (select *, row_number() over (order by known desc, tld) as place from counted),
shown as (
    select
        case when place <= coalesce(getvariable('top'), 20) then tld else '(others)' end as tld,
        sum(n) as n, sum(known) as known, sum(unknown) as unknown
    from placed
    group by all
)
select tld, unnest(figures(n, known, unknown)) from shown order by starts_with(tld, '('), known desc, tld;
