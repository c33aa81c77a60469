-- name: view_93_sender
-- title: sender: what each kind of sender gets at each mail domain
-- grain: (domain, sender), of names with mail or not known to have none
-- definition: Senders: plain (opportunistic TLS), dane, mta-sts, both. A sender goes through the mail hosts by
--   preference, and the first one that takes mail from it decides; of equal ones, and of the addresses of one host,
--   the worst does, addresses without a conversation left out. At a host: encrypted if TLS comes about, plaintext if
--   not, for whoever asks no more; passed by if it turns us away for good, or cannot be had now (4xx, unreachable, or
--   its TLSA look-up failed). DANE, where the MX RRset and the host's TLSA are secure: authenticated if valid,
--   encrypted without usable records, else passed by. MTA-STS in mode enforce: authenticated if the policy admits
--   the host and
--   the public PKI vouches for its name, else passed by. both: where DANE applies it decides, and a DANE failure is
--   never overridden. deferred: all hosts are passed by for good. unknown: all are passed by and some of them only for
--   now, or a host that decides was not talked to, or what it should be held against is unknown. decides is the host.
--   A scan without --smtp knows no host.
-- source: metric 40; the sender classes of Zivver
-- rfc: 7672 section 2.2, 8461 sections 2, 4 and 5
create or replace view sender as
with contacts as (
    select host,
        count(*) filter (where contact = 'tls') as tls,
        count(*) filter (where contact in ('no-starttls', 'tls-failed')) as plain,
        count(*) filter (where contact = 'not-tried') as untried,
        count(*) filter (where contact in ('temporary', 'unreachable')) as lost,
        count(*) filter (where contact = 'tls' and certificate is null) as unjudged,
        count(*) filter (where contact = 'tls' and len(certificate) > 0) as flawed
    from endpoint_verdicts
    group by host
),
dane as (
    select domain, host,
        case
            when count(*) filter (where state = 'untested') > 0 then 'unknown'
            when count(*) filter (where state in ('mismatch', 'name-mismatch', 'expired', 'bad-path', 'no-starttls',
                'tls-failed', 'one-certificate')) > 0 then 'skipped'
            when count(*) filter (where state = 'tls-only') > 0 then 'encrypted'
            when count(*) filter (where state = 'valid') > 0 then 'authenticated'
            when count(*) filter (where state in ('temporary', 'unreachable')) > 0 then 'lost'
            else 'skipped'
        end as outcome
    from dane_pair
    group by domain, host
),
hosts_ as (
    select m.domain, m.preference, m.host, d.mx_security, m.host_state, p.usable as policy,
        list_contains(list_transform(p.uncovered, lambda one: one.host), m.host) as uncovered, c.unjudged, c.flawed,
        case
            when m.target not in ('host', 'implicit') or not m.has_address then 'skipped'
            when c.host is null or c.untried > 0 then 'unknown'
            when c.plain > 0 then 'plaintext'
            when c.tls > 0 then 'encrypted'
            when c.lost > 0 then 'lost'
            else 'skipped'
        end as plain,
        case
            when d.mx_security <> 'secure' then null
            when m.host_state = 'secure' then coalesce(n.outcome, 'unknown')
            when m.host_state = 'unknown' then 'lost'
        end as dane
    from mail_route as m
    join domain_class as d using (domain)
    left join policy_class as p using (domain)
    left join contacts as c on c.host = m.host
    left join dane as n on n.domain = m.domain and n.host = m.host
    where m.target <> 'null' and d.has_mail
),
each as (
    select *,
        case
            when policy = 'unknown' then 'unknown'
            when policy <> 'enforce' or plain in ('skipped', 'lost', 'unknown') then plain
            when uncovered then 'skipped'
            when plain = 'plaintext' or flawed > 0 then 'skipped'
            when unjudged > 0 then 'unknown'
            else 'authenticated'
        end as sts
    from hosts_
),
told as (
    select domain, preference, host, 'plain' as sender, plain as outcome from each
    union all select domain, preference, host, 'dane', coalesce(dane, plain) from each
    union all select domain, preference, host, 'mta-sts', sts from each
    union all select domain, preference, host, 'both', coalesce(dane, sts) from each
),
decided as (
    select domain, sender,
        arg_min({'host': host, 'outcome': outcome}, preference * 10
            + list_position(['unknown', 'plaintext', 'encrypted', 'authenticated'], outcome))
            filter (where outcome not in ('skipped', 'lost')) as first,
        bool_or(outcome = 'lost') as lost
    from told
    group by domain, sender
)
select
    d.domain, s.sender,
    case
        when d.mail_class = 'not-measured' then 'not-measured'
        when d.has_mail is null then 'unknown'
        when not d.has_mail then 'no-mail'
        when f.first is null and f.lost then 'unknown'
        else coalesce(f.first.outcome, 'deferred')
    end::sender_outcome as outcome,
    f.first.host as decides
from domain_class as d
cross join (values ('plain'), ('dane'), ('mta-sts'), ('both')) as s(sender)
left join decided as f on f.domain = d.domain and f.sender = s.sender;
