-- name: view_93_sender_class
-- title: sender_host and sender_class: what each kind of sender gets at each mail host, and at each domain
-- grain: (domain, mail host); domain: each row of names, measured or not
-- definition: Senders: plain (opportunistic TLS), dane, mta-sts, both. A sender goes through the mail hosts by
--   preference, and the first one that takes mail from it decides; of equal ones, and of the addresses of one host,
--   the worst does, addresses without a conversation left out. At a host: encrypted if TLS comes about, plaintext if
--   not, for whoever asks no more; passed by if it turns us away for good, or cannot be had now (4xx, unreachable, or
--   its TLSA look-up failed). DANE, where the MX RRset and the host's TLSA are secure: authenticated if valid,
--   encrypted without usable records, else passed by. MTA-STS in mode enforce: authenticated if the policy admits the
--   host and the public PKI vouches for its name, else passed by. both: where DANE applies it decides, and a DANE
--   failure is never overridden. deferred: all hosts are passed by for good. unknown: all are passed by and some of
--   them only for now, or a host that decides was not talked to, or what it should be held against is unknown. The
--   columns with _place hold ten times the preference of the host that decides, and 1 to 4 for its outcome. A scan
--   without --smtp knows no host.
-- source: metric 40; the sender classes of Zivver
-- rfc: 7672 section 2.2, 8461 sections 2, 4 and 5

-- Of several hosts the first preference decides, of equal ones the worst outcome; null for those that are passed by.
create or replace macro sender_place(preference, outcome) as case outcome
    when 'unknown' then preference * 10 + 1 when 'plaintext' then preference * 10 + 2
    when 'encrypted' then preference * 10 + 3 when 'authenticated' then preference * 10 + 4 end;

create or replace view sender_host as
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
    select m.domain, m.preference, m.host, p.usable as policy, c.unjudged, c.flawed,
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
)
select domain, preference, host, plain, coalesce(dane, plain) as dane, sts as mta_sts, coalesce(dane, sts) as both_
from (
    select domain, preference, host, plain, dane,
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
);

create or replace macro sender_gets(mail_class, has_mail, place, lost) as case
    when mail_class = 'not-measured' then 'not-measured'
    when has_mail is null then 'unknown'
    when not has_mail then 'no-mail'
    when place is null and lost then 'unknown'
    when place is null then 'deferred'
    else ['unknown', 'plaintext', 'encrypted', 'authenticated'][place % 10]
end::sender_outcome;

create or replace view sender_class as
with decided as (
    select domain,
        min(sender_place(preference, plain)) as plain, bool_or(plain = 'lost') as plain_lost,
        min(sender_place(preference, dane)) as dane, bool_or(dane = 'lost') as dane_lost,
        min(sender_place(preference, mta_sts)) as mta_sts, bool_or(mta_sts = 'lost') as mta_sts_lost,
        min(sender_place(preference, both_)) as both_, bool_or(both_ = 'lost') as both_lost
    from sender_host
    group by domain
)
select
    d.domain,
    sender_gets(d.mail_class, d.has_mail, f.plain, f.plain_lost) as plain,
    sender_gets(d.mail_class, d.has_mail, f.dane, f.dane_lost) as dane,
    sender_gets(d.mail_class, d.has_mail, f.mta_sts, f.mta_sts_lost) as mta_sts,
    sender_gets(d.mail_class, d.has_mail, f.both_, f.both_lost) as both_,
    f.plain as plain_place, f.dane as dane_place, f.mta_sts as mta_sts_place, f.both_ as both_place
from domain_class as d left join decided as f using (domain);
