-- name: dane_by_operator
-- title: Valid DANE by who runs the mail hosts
-- grain: operator
-- definition: Domains with DANE full or partial by who runs their best mail hosts: self (the provider is their own
--   registrable name), provider (another one), large if it takes the mail of more than 50 domains of this run.
--   numerator: effective valid. wrong: of the known, those whose certificate is not the one promised at some host
--   (mismatch, name-mismatch, expired, bad-path, partial-addresses, partial-certificates). Unknown: untested, temporary
--   and unreachable.
-- source: metrics 26 and 27; Lee et al. 2022 section 5 (there by name servers, too), Ashiq et al. 2025
-- rfc: 7672 section 2.2
with sized as (select provider, count(*) as domains from provider group by provider),
told as (
    select
        case when p.self then 'self' when s.domains > 50 then 'large provider' else 'small provider' end as operator,
        e.effective::varchar as effective,
        e.effective in ('untested', 'temporary', 'unreachable') as open
    from dane_effect as e join provider as p using (domain) join sized as s using (provider)
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
