-- name: view_93_sender
-- title: sender: what each kind of sender gets at each mail domain
-- grain: (domain, sender), of names with mail or not known to have none
-- definition: Senders: plain (opportunistic TLS), dane, mta-sts, both. A sender goes through the mail hosts by
--   preference, and the first one that takes mail from it decides; of equal ones, and of the addresses of one host,
--   the worst does, addresses without a conversation left out. At a host: encrypted if TLS comes about, plaintext if
--   not, for whoever asks no more; passed by if it turns us away for good, or cannot be had now (4xx, unreachable, or
--   its TLSA look-up failed). DANE, where the MX RRset and the host's TLSA are secure: authenticated if valid,
--   encrypted without usable records, else passed by. MTA-STS in mode enforce: authenticated if the policy admits the
--   host and the public PKI vouches for its name, else passed by. both: where DANE applies it decides, and a DANE
--   failure is never overridden. deferred: all hosts are passed by for good. unknown: all are passed by and some of
--   them only for now, or a host that decides was not talked to, or what it should be held against is unknown.
--   preference is that of the host that decides. A scan without --smtp knows no host.
-- source: metric 40; the sender classes of Zivver
-- rfc: 7672 section 2.2, 8461 sections 2, 4 and 5 Of several hosts the first preference decides, of equal ones the
--   worst outcome; null for those that are passed by.
create or replace macro sender_place(preference, outcome) as case outcome
    when 'unknown' then preference * 10 + 1 when 'plaintext' then preference * 10 + 2
    when 'encrypted' then preference * 10 + 3 when 'authenticated' then preference * 10 + 4 end;

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
-- a domain without a policy in force is to MTA-STS what it is to everybody
policies_ as (select domain, usable, uncovered from policy_class where usable in ('enforce', 'unknown')),
-- nor one without a host that DANE could say something of
guarded as (
    select domain from domain_class where mx_security = 'secure' and (hosts_secure > 0 or hosts_unknown > 0)
),
hosts_ as (
    select m.domain, m.preference, p.usable as policy, c.unjudged, c.flawed,
        case when p.usable is not null
            then list_contains(list_transform(p.uncovered, lambda one: one.host), m.host) end as uncovered,
        case
            when m.target not in ('host', 'implicit') or not m.has_address then 'skipped'
            when c.host is null or c.untried > 0 then 'unknown'
            when c.plain > 0 then 'plaintext'
            when c.tls > 0 then 'encrypted'
            when c.lost > 0 then 'lost'
            else 'skipped'
        end as plain,
        case
            when d.domain is null then null
            when m.host_state = 'secure' then coalesce(n.outcome, 'unknown')
            when m.host_state = 'unknown' then 'lost'
        end as dane
    from mail_route as m
    left join guarded as d using (domain)
    left join policies_ as p using (domain)
    left join contacts as c on c.host = m.host
    left join dane as n on n.domain = m.domain and n.host = m.host
    where m.target <> 'null'
),
each as (
    select domain, preference, plain, dane,
        case
            when policy is null then plain
            when policy = 'unknown' then 'unknown'
            when plain in ('skipped', 'lost', 'unknown') then plain
            when uncovered then 'skipped'
            when plain = 'plaintext' or flawed > 0 then 'skipped'
            when unjudged > 0 then 'unknown'
            else 'authenticated'
        end as sts
    from hosts_
),
decided as (
    select domain,
        min(sender_place(preference, plain)) as plain, bool_or(plain = 'lost') as plain_lost,
        min(sender_place(preference, coalesce(dane, plain))) as dane,
        bool_or(coalesce(dane, plain) = 'lost') as dane_lost,
        min(sender_place(preference, sts)) as sts, bool_or(sts = 'lost') as sts_lost,
        min(sender_place(preference, coalesce(dane, sts))) as both_,
        bool_or(coalesce(dane, sts) = 'lost') as both_lost
    from each
    group by domain
),
told as (
    select d.domain, d.mail_class, d.has_mail, unnest([
        {'sender': 'plain', 'first': f.plain, 'lost': f.plain_lost},
        {'sender': 'dane', 'first': f.dane, 'lost': f.dane_lost},
        {'sender': 'mta-sts', 'first': f.sts, 'lost': f.sts_lost},
        {'sender': 'both', 'first': f.both_, 'lost': f.both_lost}]) as s
    from domain_class as d left join decided as f using (domain)
)
select
    domain, s.sender,
    case
        when mail_class = 'not-measured' then 'not-measured'
        when has_mail is null then 'unknown'
        when not has_mail then 'no-mail'
        when s.first is null and s.lost then 'unknown'
        when s.first is null then 'deferred'
        else ['unknown', 'plaintext', 'encrypted', 'authenticated'][s.first % 10]
    end::sender_outcome as outcome,
    s.first // 10 as preference
from told;
