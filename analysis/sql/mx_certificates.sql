-- name: mx_certificates
-- title: Certificates of mail hosts by the public PKI
-- grain: (population, flaw)
-- definition: Endpoints with a TLS session, by the flaw of their chain for the host's name that weighs most; (good)
--   have none. Population domains: domains with mail, one of whose hosts was talked to, by whether all, some or none
--   of their endpoints are good. Revocation is not looked at. Unknown: sessions that no store judged.
-- source: metric 24; Durumeric et al. 2015, Ashiq et al. 2025
-- rfc: 8461 section 4.2
with judged as (
    select host, case when certificate is null then null when len(certificate) = 0 then '(good)' else certificate[1]
        end as flaw
    from endpoint_verdicts where contact = 'tls'
),
told as (
    select 1 as place, 'endpoints' as population, flaw, count(*) as n from judged group by flaw
    union all
    select 2, 'domains', case when good and not bad then '(all good)' when bad and not good then '(none good)'
        when good then '(some good)' end, n
    from route_shapes where good is not null
),
counted as (select place, population, flaw, sum(n)::bigint as n from told group by all),
whole as (
    select population, sum(n) filter (where flaw is not null) as known,
        coalesce(sum(n) filter (where flaw is null), 0) as unknown
    from counted
    group by population
)
select population, flaw, unnest(figures(n, known, unknown))
from counted join whole using (population)
where flaw is not null
order by place, n desc, flaw;
