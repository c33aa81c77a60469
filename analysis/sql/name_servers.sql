-- name: name_servers
-- title: Whether the name servers of a zone agree
-- grain: subject, agreement
-- definition: Zones that were looked at with --per-server, by what their servers say of SOA, serial, MX, DNSKEY, and
--   by whether signatures are there and in time (view_80_zone_class). Without that option there are none. unknown:
--   some address was silent or refused, and the others do not differ. A difference in SOA or serial alone is
--   usual while a zone is transferred.
-- source: metric 21; Internet.nl
-- rfc: 1034 section 4.3.5
with listed as (
    select * from (values (1, 'SOA'), (2, 'serial'), (3, 'MX'), (4, 'DNSKEY'), (5, 'signed'), (6, 'dates'))
        as s(place, subject),
    (values (1, 'agree'), (2, 'differ'), (3, 'one-server'), (4, 'nothing'), (5, 'unknown')) as a(nth, agreement)
),
counted as (select subject, agreement, count(*) as n from zone_class group by all),
whole as (
    select subject, count(*) filter (where agreement <> 'unknown') as known_all,
        count(*) filter (where agreement = 'unknown') as unknown_all
    from zone_class group by subject
)
select l.subject, l.agreement, unnest(case
    when l.agreement <> 'unknown' then figures(coalesce(n, 0), coalesce(known_all, 0), coalesce(unknown_all, 0))
    else figures(coalesce(n, 0), null, null) end)
from listed as l left join counted using (subject, agreement) left join whole on whole.subject = l.subject
order by l.place, l.nth;
