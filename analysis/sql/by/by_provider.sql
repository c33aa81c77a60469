-- name: by_provider
-- title: Adoption by mail provider
-- grain: (provider, measure, level): the 20 provider groups with the most names, or `set variable top = N`, and the
--   rest
-- definition: The twelve questions of view_94_measured, for each provider of view_60_provider; (self) are the
--   domains that run their own hosts. Only domains with mail have one. Shares are of those to whom the question
--   applies and is answered; unknown: those to whom it may apply, unanswered.
-- source: metrics 4 and 39; Ashiq et al. 2025, the DANE survey
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with counted as (
    select case when p.self then '(self)' else p.provider end as provider, m.kind, count(*) as n
    from measured as m join provider as p using (domain)
    group by all
),
sized as (select provider, sum(n) as size from counted group by provider),
placed as (
    select provider, row_number() over (partition by starts_with(provider, '(') order by size desc, provider) as place
    from sized
),
shown as (
    select
        case when starts_with(provider, '(') or place <= coalesce(getvariable('top'), 20) then provider
            else '(others)' end as provider,
        kind, sum(n) as n
    from counted join placed using (provider)
    group by all
),
ordered as (select provider, sum(n) as size from shown group by provider)
select provider, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown join ordered using (provider)
cross join measures as m
group by provider, size, m.place, m.measure, m.level
order by starts_with(provider, '('), size desc, provider, m.place;
