-- name: view_94_measured
-- title: measured: what breakdowns count, of every name
-- grain: domain: each row of names, measured or not
-- definition: Twelve questions of each name, four answers each (yes, no, unknown, does not apply), packed into the
--   integer kind, two bits a question, so that a breakdown groups by two columns. The questions stand in measures:
--   mail, dnssec (the zone is secure; a name that does not exist is left out), and of domains with mail: dane, mta-
--   sts and either at the levels published, usable and effective, and tlsrpt. dane: full or partial; at the effective
--   level valid. mta-sts: a valid record; a valid policy of mode enforce or testing; mode enforce that admits all
--   mail hosts. either: one of the two. rank_power: the power of ten that the rank is within; rank_bin: the first
--   rank of its 10,000.
-- source: metrics 1, 6, 11, 12, 29, 38, 39, 41 and 43
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
create or replace view measures as
from (values
    (0, 'mail', ''), (1, 'dnssec', ''), (2, 'dane', 'published'), (3, 'dane', 'usable'), (4, 'dane', 'effective'),
    (5, 'mta-sts', 'published'), (6, 'mta-sts', 'usable'), (7, 'mta-sts', 'effective'), (8, 'tlsrpt', 'published'),
    (9, 'either', 'published'), (10, 'either', 'usable'), (11, 'either', 'effective')
) as m(place, measure, level);

-- 0 no, 1 yes, 2 unknown, 3 does not apply.
create or replace macro answered(applies, yes) as case
    when not applies then 3 when applies is null or yes is null then 2 when yes then 1 else 0 end;
create or replace macro kind_says(kind, place) as (kind >> (2 * place)) & 3;
create or replace view measured as
with promised as (select domain, usable, effective from dane_effect where published in ('full', 'partial')),
announced as (select domain, usable, effective from policy_class where published in ('valid', 'invalid')),
told as (
    select
        d.domain, d.tld, d.source, d.rank, d.weight, d.tags, d.has_mail, d.dnssec_class,
        case when d.dane_class not in ('unknown', 'not-measured')
            then d.dane_class in ('full', 'partial') end as dane_1,
        case when d.dane_class not in ('unknown', 'not-measured')
            then coalesce(e.usable in ('full', 'partial'), false) end as dane_2,
        case when d.dane_class not in ('unknown', 'not-measured')
            and coalesce(e.effective not in ('untested', 'temporary', 'unreachable'), true)
            then coalesce(e.effective = 'valid', false) end as dane_3,
        case when d.sts_class not in ('unknown', 'not-measured') then d.sts_class = 'valid' end as sts_1,
        case when d.sts_class not in ('unknown', 'not-measured') and coalesce(p.usable <> 'unknown', true)
            then coalesce(p.usable in ('enforce', 'testing'), false) end as sts_2,
        case when d.sts_class not in ('unknown', 'not-measured') and coalesce(p.effective <> 'unknown', true)
            then coalesce(p.effective = 'covered', false) end as sts_3,
        case when d.tlsrpt_class not in ('unknown', 'not-measured') then d.tlsrpt_class = 'valid' end as rpt
    from domain_class as d
    left join promised as e using (domain)
    left join announced as p using (domain)
)
select
    domain, tld, source, rank, weight, tags,
    case when rank > 0 then (10 ^ ceil(log10(rank)))::bigint end as rank_power,
    case when rank > 0 then (rank - 1) // 10000 * 10000 + 1 end as rank_bin,
    (answered(true, has_mail)
    + (answered(dnssec_class <> 'no-domain', case when dnssec_class not in ('indeterminate', 'not-measured')
        then dnssec_class = 'secure' end) << 2)
    + (answered(has_mail, dane_1) << 4)
    + (answered(has_mail, dane_2) << 6)
    + (answered(has_mail, dane_3) << 8)
    + (answered(has_mail, sts_1) << 10)
    + (answered(has_mail, sts_2) << 12)
    + (answered(has_mail, sts_3) << 14)
    + (answered(has_mail, rpt) << 16)
    + (answered(has_mail, dane_1 or sts_1) << 18)
    + (answered(has_mail, dane_2 or sts_2) << 20)
    + (answered(has_mail, dane_3 or sts_3) << 22))::integer as kind
from told;
