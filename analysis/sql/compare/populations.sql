-- name: populations
-- title: Names gained, lost and kept
-- grain: (population, change)
-- definition: Names of the lists, and names with mail, DNSSEC (secure), DANE (full or partial as published) and
--   MTA-STS (enforce or testing). before and after: in the first run and in the last. kept: names of both runs that
--   have it in both; gained and lost: names of both runs that have it in one, and are known not to have it in the
--   other; from_new_names and with_lost_names: names of one run alone that have it. Unknown: names of both runs of
--   which one run does not know. So before = kept + lost + with_lost_names + those not known any more.
-- source: metric 42
-- rfc: none
with told as (
    select domain, 'names' as population, true as had, true as has from kept
    union all select domain, 'mail', b.has_mail, a.has_mail from kept
    union all select domain, subject,
        case when known_before then before in ('secure', 'full', 'partial', 'enforce', 'testing') end,
        case when known_after then after in ('secure', 'full', 'partial', 'enforce', 'testing') end
    from state where subject in ('dnssec', 'dane', 'mta-sts')
),
one_sided as (
    select domain, false as had, unnest([
        {'population': 'names', 'has': true}, {'population': 'mail', 'has': has_mail},
        {'population': 'dnssec', 'has': dnssec = 'secure'}, {'population': 'dane', 'has': dane in ('full', 'partial')},
        {'population': 'mta-sts', 'has': mta_sts in ('enforce', 'testing')}], recursive := true)
    from after_domains anti join kept using (domain)
    union all
    select domain, true, unnest([
        {'population': 'names', 'has': true}, {'population': 'mail', 'has': has_mail},
        {'population': 'dnssec', 'has': dnssec = 'secure'}, {'population': 'dane', 'has': dane in ('full', 'partial')},
        {'population': 'mta-sts', 'has': mta_sts in ('enforce', 'testing')}], recursive := true)
    from before_domains anti join kept using (domain)
),
counted as (
    select population,
        count(*) filter (where had and has) as kept,
        count(*) filter (where not had and has) as gained,
        count(*) filter (where had and not has) as lost,
        count(*) filter (where had is null or has is null) as unknown,
        count(*) filter (where had) as before, count(*) filter (where has) as after
    from told group by population
),
apart as (
    select population,
        count(*) filter (where has and not had) as came, count(*) filter (where has and had) as went
    from one_sided group by population
)
select population, c.before + coalesce(went, 0) as before, c.after + coalesce(came, 0) as after, c.kept,
    c.gained, c.lost, coalesce(came, 0) as from_new_names, coalesce(went, 0) as with_lost_names, c.unknown
from counted as c left join apart using (population)
order by list_position(['names', 'mail', 'dnssec', 'dane', 'mta-sts'], population);
