-- name: distinct_things
-- title: How many different things there are
-- grain: thing
-- definition: Distinct mail hosts that MX records name, registrable names that they lie under, addresses of theirs,
--   TLSA RRsets that decide (by their records), leaf certificates that mail hosts showed, name-server sets, policy
--   hosts that were asked, and policy bodies that were fetched. Of what failed nothing is counted: each is a least
--   number.
-- source: metric 5; the DANE survey (Dukhovni)
-- rfc: none
with rrsets as (
    select host, list_sort(list({'usage': usage, 'selector': selector, 'matching_type': matching_type, 'data': data}))
        as records
    from tlsa_records where decides group by host
),
listed as (
    select 1 as place, 'mail hosts' as thing, count(*) as n from host_use
    union all select 2, 'registrable names of mail hosts', count(distinct r.domain)
    from host_use as u join registrable as r on r.name = u.host
    union all select 3, 'addresses of mail hosts', count(distinct address)
    from (select unnest(addresses) as address from host_facts)
    union all select 4, 'TLSA RRsets', count(distinct records) from rrsets
    union all select 5, 'leaf certificates of mail hosts', count(distinct leaf) from endpoint_verdicts
    union all select 6, 'name-server sets', count(distinct name_servers) from domain_facts where len(name_servers) > 0
    union all select 7, 'policy hosts', count(distinct host) from policies
    union all select 8, 'policy bodies', count(distinct body) from policies where outcome = 'fetched'
)
select thing, n from listed order by place;
