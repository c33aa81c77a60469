-- name: view_50_registrable
-- title: registrable: the registrable name of mail hosts and mail domains
-- grain: name: each MX target of kind host, each policy domain and host, each name server
-- definition: One label more than the public suffix, by the ICANN section of the Public Suffix List: the operator of
--   a host is wanted here, and suffixes of the private section belong to one operator. Exceptions win, then the
--   longest rule, else the last label is the suffix. A name that is itself a public suffix stands for itself. version
--   tells the list; null means that none was loaded and the last two labels are taken.
-- source: publicsuffix.org, the algorithm of "Format"
-- rfc: none
create or replace view registrable as
with wanted as (
    select host as name from host_class
    union select expanded from policies union select domain from policies
    union select unnest(name_servers) from (select distinct name_servers from domain_facts)
),
ends as (
    select name, split_part(name, '.', -1) as top, split_part(name, '.', -2) || '.' || split_part(name, '.', -1) as two
    from wanted
),
-- a public suffix of two labels or more, or a wildcard: only below these the whole list has to be asked
long as (
    select split_part(name, '.', -2) || '.' || split_part(name, '.', -1) as two
    from public_suffix where contains(name, '.')
),
deep as (
    select name from ends
    where two in (from long)
        or top in (select name from public_suffix where kind = 'wildcard' and not contains(name, '.'))
),
tails as (
    select name, nth, array_to_string(string_split(name, '.')[nth:], '.') as tail
    from (select name, unnest(range(1, len(string_split(name, '.')) + 1)) as nth from deep)
),
matched as (
    select t.name,
        min(t.nth + 1) filter (where p.kind = 'exception') as excepted,
        min(case p.kind when 'rule' then t.nth when 'wildcard' then nullif(t.nth - 1, 0) end) as suffix
    from tails as t join public_suffix as p on p.name = t.tail
    group by t.name
)
select
    w.name,
    case
        when m.name is null then if(contains(w.name, '.'), w.two, w.name)
        -- where the public suffix begins, less one label
        else array_to_string(string_split(w.name, '.')[
            greatest(coalesce(m.excepted, m.suffix, len(string_split(w.name, '.'))) - 1, 1):], '.')
    end as domain,
    (select min(version) from public_suffix) as version
from ends as w left join matched as m using (name);
