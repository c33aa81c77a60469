-- name: tlsrpt_destinations
-- title: Where TLS reports go
-- grain: (scheme, destination): the 20 largest, or `set variable top = N`, and the rest
-- definition: The URIs of valid TLSRPT records, each domain counted once for each destination: the registrable name
--   behind the `@` of mailto or the `//` of https; (own) is the domain's own. Shares are of the domains with a valid
--   record, so they add up to more than one. Without a Public Suffix List the last two labels are taken.
-- source: metric 38; Ashiq et al. 2025 figure 12
-- rfc: 8460 section 3
with texts as (
    select domain, list_filter(tlsrpt_txt, lambda t: starts_with(t, 'v=TLSRPTv1;'))[1] as txt
    from domains semi join (select domain from domain_class where tlsrpt_class = 'valid') using (domain)
),
lists as (select domain, unnest(regexp_extract_all(txt, ';\s*rua=([^;]*)', 1)) as list from texts),
uris as (select domain, trim(unnest(string_split(list, ','))) as uri from lists),
parsed as (
    select distinct domain, lower(regexp_extract(uri, '^([A-Za-z][A-Za-z0-9+.-]*):', 1)) as scheme,
        rtrim(lower(case when uri ilike 'mailto:%' then regexp_extract(uri, '@([^/?#,]*)', 1)
            else regexp_extract(uri, '//(?:[^/?#@]*@)?([^/?#:]*)', 1) end), '.') as host
    from uris
),
tails as (
    select host, nth, array_to_string(string_split(host, '.')[nth:], '.') as tail
    from (select distinct host, unnest(range(1, len(string_split(host, '.')) + 1)) as nth from parsed)
),
suffixed as (
    select t.host,
        min(t.nth + 1) filter (where p.kind = 'exception') as excepted,
        min(case p.kind when 'rule' then t.nth when 'wildcard' then nullif(t.nth - 1, 0) end) as suffix
    from tails as t join public_suffix as p on p.name = t.tail
    group by t.host
),
named as (
    select p.domain, p.scheme,
        case when p.host = p.domain or ends_with(p.host, '.' || p.domain) then '(own)' else
            array_to_string(string_split(p.host, '.')[
                greatest(coalesce(s.excepted, s.suffix,
                    len(string_split(p.host, '.'))) - 1, 1):], '.') end as destination
    from parsed as p left join suffixed as s using (host)
),
grouped as (select scheme, destination, count(distinct domain) as n from named group by all),
placed as (
    select *, row_number() over (partition by destination = '(own)' order by n desc, scheme, destination) as place
    from grouped
),
shown as (
    select case when destination = '(own)' or place <= coalesce(getvariable('top'), 20) then scheme end as scheme,
        case when destination = '(own)' or place <= coalesce(getvariable('top'), 20) then destination
            else '(others)' end as destination,
        sum(n) as n
    from placed
    group by all
),
whole as (select count(*) as known from texts)
select scheme, destination, unnest(figures(n, known, 0))
from shown, whole
order by starts_with(destination, '('), n desc, scheme, destination;
