-- name: mx_providers
-- title: Who takes the mail
-- grain: provider: the 20 largest, or `set variable top = N`, and the rest
-- definition: provider as in view_60_provider, over domains with mail. self: domains that are their own provider;
--   they stand in one row together. psl is the version of the Public Suffix List (ICANN section), null if the last
--   two labels were taken. full: of the numerator, domains with DANE full. Unknown: names of which mail is not
--   known, and not-measured names.
-- source: metric 4; Liu et al. 2021, the DANE survey
-- rfc: 5321 section 5.1
with grouped as (
    select case when p.self then '(self)' else p.provider end as provider, count(*) as n,
        count(*) filter (where d.dane_class = 'full') as dane_full, p.psl_version as psl
    from provider as p join domain_class as d using (domain)
    group by all
),
placed as (
    select *, starts_with(provider, '(') as special,
        row_number() over (partition by starts_with(provider, '(') order by n desc, provider) as place
    from grouped
),
shown as (
    select
        case when special or place <= coalesce(getvariable('top'), 20) then provider else '(others)' end as provider,
        sum(n) as n, sum(dane_full) as dane_full, max(psl) as psl
    from placed
    group by all
),
whole as (
    select count(*) filter (where has_mail) as known, count(*) filter (where has_mail is null) as unknown
    from domain_class
)
select provider, unnest(figures(n, known, unknown)), dane_full::bigint as "full", psl
from shown, whole
order by starts_with(provider, '('), n desc, provider;
