-- name: mta_sts
-- title: MTA-STS records
-- grain: (population, class)
-- definition: sts_class of view_30_domain_class. Population names: every name of the list; the rows add up to it.
--   Population with mail: domains with mail; the unknown there are also the names of which mail is not known and
--   not-measured names.
-- source: metrics 29 and 30; Ashiq et al. 2025, Tatang et al. 2021
-- rfc: 8461 section 3.1
with counted as (
    select 'names' as population, sts_class as class, count(*) as n from domain_class group by all
    union all
    select 'with mail', sts_class, count(*) from domain_class where has_mail group by all
),
listed as (
    select p.population, unnest(enum_range(null::record_class))::record_class as class
    from (values ('names'), ('with mail')) as p(population)
),
filled as (select population, class, coalesce(n, 0) as n from listed left join counted using (population, class)),
whole as (
    select population,
        sum(n) filter (where class in ('valid', 'invalid', 'none')) as known,
        sum(n) filter (where class in ('unknown', 'not-measured')) + case population
            when 'names' then 0 else (select count(*) from domain_class where has_mail is null) end as unknown
    from filled
    group by population
)
select population, class, unnest(case
    when class in ('valid', 'invalid', 'none') then figures(n, known, unknown) else figures(n, null, null) end)
from filled join whole using (population)
where population = 'names' or class <> 'not-measured'
order by population, class;
