-- name: dane_by_operator
-- title: Valid DANE by who runs the mail hosts and the DNS
-- grain: operator
-- definition: Domains with DANE full or partial by who manages what must be kept in step, told by names alone. SSDS:
--   their best mail hosts are under their own registrable name, and so are all name servers of their zone. SSDO: their
--   own hosts, but some name server is another's. SO: the hosts are another's, large if it takes the mail of more than
--   50 domains of this run, else small. numerator: effective valid. wrong: of the known, those whose certificate is
--   not the one promised at some host (mismatch, name-mismatch, expired, bad-path, partial-addresses, partial-
--   certificates). Unknown: untested, temporary and unreachable.
-- source: metrics 26 and 27; the classes of Lee et al. 2022 (self-managed SMTP, with DNS self-managed or outsourced;
--   SMTP outsourced); Ashiq et al. 2025
-- rfc: 7672 section 2.2
with sized as (select provider, count(*) as domains from provider group by provider),
told as (
    select
        case
            when p.attribution in ('self', 'address') and coalesce(o.operator = '(self)', false) then 'SSDS'
            when p.attribution in ('self', 'address') then 'SSDO'
            when z.domains > 50 then 'SO, large'
            else 'SO, small'
        end as operator,
        e.effective::varchar as effective,
        e.effective in ('untested', 'temporary', 'unreachable') as open
    from dane_effect as e
    join provider as p using (domain)
    join sized as z using (provider)
    left join dns_operator as o using (domain)
    where e.published in ('full', 'partial')
)
select operator,
    unnest(figures(count(*) filter (where effective = 'valid'), count(*) filter (where not open),
        count(*) filter (where open))),
    count(*) filter (where effective in ('mismatch', 'name-mismatch', 'expired', 'bad-path', 'partial-addresses',
        'partial-certificates')) as wrong
from told
group by operator
order by operator;
