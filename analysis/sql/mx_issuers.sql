-- name: mx_issuers
-- title: Who issues the certificates of mail hosts
-- grain: (population, issuer): the 20 largest, or `set variable top = N`, and the rest
-- definition: Distinct leaf certificates shown at endpoints, all of them and those that a DANE-EE record
--   authenticates, by the organization (else the common name) of their issuer; (self-signed) are their own. days: the
--   median lifetime.
-- source: metric 25; Lee et al. 2022
-- rfc: 5280 section 4.1.2.4
with leaves as (
    select issuer, lifetime, rule = 'DANE-EE-MATCH' as by_ee
    from (select distinct on (leaf) * from endpoint_verdicts where leaf is not null order by leaf, rule)
),
split as (
    select 1 as place, 'all' as population, issuer, lifetime from leaves
    union all select 2, 'DANE-EE', issuer, lifetime from leaves where by_ee
),
grouped as (select place, population, issuer, count(*) as n, list(lifetime) as days from split group by all),
ranked as (select *, row_number() over (partition by population order by n desc, issuer) as nth from grouped),
shown as (
    select place, population,
        case when nth <= coalesce(getvariable('top'), 20) then issuer else '(others)' end as issuer,
        sum(n) as n, list_aggregate(flatten(list(days)), 'median') as days
    from ranked
    group by all
),
whole as (select population, sum(n) as known from shown group by population)
select population, issuer, unnest(figures(n, known, 0)), days
from shown join whole using (population)
order by place, starts_with(coalesce(issuer, ''), '('), n desc, issuer;
