-- name: mx_concentration
-- title: How concentrated mail is
-- grain: (population, measure)
-- definition: Over domains with mail, and those with DANE full: the share of the largest 1, 3, 5, 10 and 20
--   providers (view_60_provider) together, and the Herfindahl-Hirschman index: the sum of the squared shares, 1 if
--   one has all. A domain that runs its own hosts is a provider of its own; domains with several providers or none
--   are left out. Unknown: names of which mail (of DANE: the class) is not known. The index has no bounds.
-- source: metric 4; Liu et al. 2021, Dukhovni's tables of DANE providers
-- rfc: 5321 section 5.1
with told as (
    select 1 as place, 'with mail' as population, p.domain, p.provider, p.self, p.attribution
    from provider as p
    union all
    select 2, 'DANE full', p.domain, p.provider, p.self, p.attribution
    from provider as p join domain_class as d using (domain) where d.dane_class = 'full'
),
whole as (
    select place, population, count(*) filter (where attribution <> 'none') as known,
        case place when 1 then (select count(*) from domain_class where has_mail is null)
            else (select count(*) from domain_class where dane_class in ('unknown', 'not-measured')) end as unknown
    from told group by all
),
-- how many providers take the mail of n domains
sizes as (
    select place, n, count(*)::hugeint as providers
    from (select place, count(*) as n from told where attribution <> 'none' and not self group by place, provider)
    group by all
    union all
    select place, 1, count(*)::hugeint from told where self group by place
),
placed as (
    select place, n, sum(providers) as providers,
        coalesce(sum(sum(providers)) over (partition by place order by n desc
            rows between unbounded preceding and 1 preceding), 0) as before
    from sizes group by place, n
),
tops as (
    select p.place, t.most, sum(p.n * least(p.providers, greatest(t.most - p.before, 0))) as n
    from placed as p cross join (values (1), (3), (5), (10), (20)) as t(most)
    group by all
),
index_ as (select place, sum(providers * n * n)::double as squares from placed group by place),
listed as (
    select place, most, 'largest ' || most as measure, n, null::double as squares from tops
    union all select place, 99, 'Herfindahl-Hirschman index', null, squares from index_
)
select population, measure,
    unnest(case when n is null then figures(null, null, null) else figures(n, known, unknown) end),
    squares / nullif(known, 0) / known as hhi
from listed join whole using (place)
order by place, most;
