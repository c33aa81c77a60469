-- name: view_80_zone_class
-- title: zone_class: whether the servers of a zone agree
-- grain: zone, subject: each zone that was looked at with --per-server, each thing that its servers can differ in
-- definition: subject is SOA, MX or DNSKEY (outcome and records, without TTL), serial (of the SOA records), signed
--   (whether signatures came with the records of all three) or dates (whether some server has, for one of the three,
--   only signatures that are expired or not yet valid at the time of the look, and another one has valid ones).
--   agreement is differ (two conclusive replies are unlike), agree (at least two addresses, all replies conclusive,
--   all alike), one-server (one address, and it answered), nothing (for serial, signed and dates: no records to
--   compare) or unknown (some address gave no conclusive reply and the others do not differ: an error is never
--   taken for agreement). addresses and answered count server addresses. Times of signatures are compared without
--   regard to 2106, when their 32 bits run over.
-- source: metric 21; Internet.nl
-- rfc: 1034 section 4.3.5, 4035 section 2.2
create or replace view zone_class as
with said as (
    select zone, epoch(observed_at) as moment, unnest(replies) as r from zones
),
judged as (
    select zone, r.address as address, r.rtype as rtype, r.serial as serial,
        r.outcome in ('answer', 'nodata', 'nxdomain') as known,
        r.outcome || ' ' || coalesce(hex(r.rrset), '') as content,
        case when r.rrset is not null then len(r.signatures) > 0 end as signed,
        case when len(r.signatures) > 0 then len(list_filter(r.signatures,
            lambda s: s.inception <= moment and moment <= s.expiration)) > 0 end as in_time
    from said
),
subjects as (
    select zone, rtype as subject, address, known, case when known then content end as value from judged
    union all select zone, 'serial', address, known, serial::varchar from judged where rtype = 'SOA'
    union all select zone, 'signed ' || rtype, address, known, signed::varchar from judged
    union all select zone, 'dates ' || rtype, address, known, in_time::varchar from judged
),
compared as (
    select zone, subject, count(distinct address) as addresses,
        count(distinct address) filter (where known) as answered, count(distinct value) as values
    from subjects group by zone, subject
),
each as (
    select zone, split_part(subject, ' ', 1) as subject, addresses, answered, case
        when values > 1 then 4
        when answered < addresses then 3
        when values = 0 then 0
        when addresses = 1 then 1
        else 2
    end as rank
    from compared
),
together as (
    select zone, subject, max(addresses) as addresses, min(answered) as answered, max(rank) as rank
    from each group by zone, subject
),
bare as (
    select z.zone, s.subject from zones as z, (values ('SOA'), ('serial'), ('MX'), ('DNSKEY'), ('signed'), ('dates'))
        as s(subject)
)
select zone, subject, coalesce(addresses, 0) as addresses, coalesce(answered, 0) as answered,
    case coalesce(rank, 3)
        when 4 then 'differ' when 3 then 'unknown' when 2 then 'agree' when 1 then 'one-server' else 'nothing'
    end as agreement
from bare left join together using (zone, subject);
