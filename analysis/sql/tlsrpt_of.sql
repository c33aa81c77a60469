-- name: tlsrpt_of
-- title: TLSRPT among domains with MTA-STS or DANE
-- grain: population
-- definition: Domains with a valid TLSRPT record (tlsrpt_class valid), among all domains with mail, those with a valid
--   MTA-STS record, those with DANE full or partial, and those with both. Unknown: TLSRPT unknown.
-- source: metric 38; Ashiq et al. 2025 figure 12
-- rfc: 8460 section 3
with populations as (
    select *, sts_class = 'valid' as sts, dane_class in ('full', 'partial') as dane from domain_class where has_mail
),
split as (
    select 1 as place, 'with mail' as population, tlsrpt_class from populations
    union all select 2, 'MTA-STS', tlsrpt_class from populations where sts
    union all select 3, 'DANE', tlsrpt_class from populations where dane
    union all select 4, 'both', tlsrpt_class from populations where sts and dane
),
counted as (
    select place, population,
        count(*) filter (where tlsrpt_class = 'valid') as n,
        count(*) filter (where tlsrpt_class in ('valid', 'invalid', 'none')) as known,
        count(*) filter (where tlsrpt_class in ('unknown', 'not-measured')) as unknown
    from split
    group by all
)
select population, unnest(figures(n, known, unknown)) from counted order by place;
