-- name: dane_ratio
-- title: DANE among domains whose MX RRset is secure
-- grain: property
-- definition: Of domains with mail whose MX RRset (or, for implicit, its denial) is secure: those with DANE full,
--   and those with full or partial. Unknown: dane_class unknown there, domains whose MX RRset is indeterminate,
--   names of which it is not known whether they have mail, and not-measured names.
-- source: metric 7; the DANE ratio of the DANE survey (Dukhovni)
-- rfc: 7672 section 2.2.1
with whole as (
    select
        count(*) filter (where has_mail and mx_security = 'secure' and dane_class <> 'unknown') as known,
        count(*) filter (
            where (has_mail and mx_security = 'secure' and dane_class = 'unknown')
            or (has_mail and mx_security = 'indeterminate') or has_mail is null) as unknown,
        count(*) filter (where dane_class = 'full') as fully,
        count(*) filter (where dane_class in ('full', 'partial')) as partly
    from domain_class
)
select property, unnest(figures(n, known, unknown))
from (
    select 1 as place, 'full' as property, fully as n, known, unknown from whole
    union all select 2, 'full or partial', partly, known, unknown from whole
)
order by place;
