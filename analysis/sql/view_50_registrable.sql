-- name: view_50_registrable
-- title: registrable: the registrable name of mail hosts and mail domains
-- grain: name: each MX target of kind host, and each name of the list that has mail
-- definition: One label more than the public suffix, by the ICANN section of the Public Suffix List: the operator
--   of a host is wanted here, and suffixes of the private section belong to one operator. Exceptions win, then the
--   longest rule, else the last label is the suffix. A name that is itself a public suffix stands for itself.
--   version tells the list; null means that none was loaded and the last two labels are taken.
-- source: publicsuffix.org, the algorithm of "Format"
-- rfc: none
create or replace view registrable as
with wanted as (
    select host as name from host_class union select domain from domain_class where has_mail
),
split as (select name, string_split(name, '.') as labels from wanted),
tails as (select name, labels, unnest(range(1, len(labels) + 1)) as at from split),
matched as (
    select t.name, any_value(t.labels) as labels,
        coalesce(
            min(t.at + 1) filter (where p.kind = 'exception'),
            min(t.at) filter (where p.kind = 'rule'),
            len(any_value(t.labels))) as plain,
        coalesce(bool_or(p.kind = 'exception'), false) as excepted,
        min(t.at - 1) filter (where p.kind = 'wildcard' and t.at > 1) as starred
    from tails as t
    left join public_suffix as p on p.name = array_to_string(t.labels[t.at:], '.')
    group by t.name
)
select
    name,
    array_to_string(labels[greatest(
        (case when excepted or starred is null then plain else least(plain, starred) end) - 1, 1):], '.') as domain,
    (select min(version) from public_suffix) as version
from matched;
