-- name: view_30_move
-- title: move: what a kept name has gained or lost, why, and by whom
-- grain: (domain, subject, direction): subjects dnssec, dane (as published), dane-effective, mta-sts
-- definition: A name has something where dnssec is secure; dane is full or partial; dane-effective is valid; mta-sts
--   is enforce or testing. gained: it has it now and is known not to have had it; lost: the reverse. Where one of the
--   two runs does not know, nothing has moved. cause, the first that holds. dnssec: bogus, ds-removed, ds-added,
--   name-gone, name-new, other. dane: dnssec (the MX RRset is no longer, or newly, secure), mx-changed (another set of
--   mail hosts), tlsa-removed or tlsa-added (the same hosts), no-mail, other. dane-effective: published (DANE itself
--   was lost or gained), mx-changed, certificate (a leaf changed and the TLSA RRsets did not), tlsa (the RRsets changed
--   and no leaf), both, server (neither: STARTTLS, expiry and the like). mta-sts: record, retrieval (the policy cannot
--   be fetched, or can again), policy, mode (off), no-mail. who: for dane and dane-effective the provider that takes
--   the mail (before, where it was lost), or `self`; for mta-sts the third party that hosts the policy, or `self`; for
--   dnssec, `zone`.
-- source: metric 42; the DANE survey attributes by provider
-- rfc: 7672 section 2.2, 8461 section 3
create or replace view move as
with leaves as (
    select d.domain,
        count(*) filter (where b.leaf <> a.leaf) as leaf_changes,
        count(*) filter (where b.tlsa is distinct from a.tlsa) as tlsa_changes
    from (select domain, unnest(b.mx) as host from kept) as d
    join before_endpoints as b using (host) join after_endpoints as a using (endpoint)
    group by d.domain
),
found as (
    select s.domain, s.subject, s.before, s.after, s.known_before and s.known_after as told,
        case s.subject
            when 'dnssec' then s.before = 'secure'
            when 'dane' then s.before in ('full', 'partial')
            when 'dane-effective' then s.before = 'valid'
            when 'mta-sts' then s.before in ('enforce', 'testing')
        end as had,
        case s.subject
            when 'dnssec' then s.after = 'secure'
            when 'dane' then s.after in ('full', 'partial')
            when 'dane-effective' then s.after = 'valid'
            when 'mta-sts' then s.after in ('enforce', 'testing')
        end as has
    from state as s
    where s.subject in ('dnssec', 'dane', 'dane-effective', 'mta-sts') and s.before <> s.after
),
moved as (
    select f.domain, f.subject, f.before, f.after, case when f.has then 'gained' else 'lost' end as direction, k.b, k.a,
        case when f.has then k.a else k.b end as one, case when f.has then k.b else k.a end as other,
        case when f.has then f.before else f.after end as lacking, l.leaf_changes, l.tlsa_changes
    from found as f join kept as k using (domain) left join leaves as l using (domain)
    where f.told and f.had <> f.has
)
select domain, subject, direction, before, after,
    case subject
        when 'dnssec' then case
            when lacking = 'bogus' then 'bogus'
            when lacking = 'no-domain' then case direction when 'lost' then 'name-gone' else 'name-new' end
            when one.has_ds and not other.has_ds then case direction when 'lost' then 'ds-removed' else 'ds-added' end
            else 'other'
        end
        when 'dane' then case
            when other.has_mail is false then 'no-mail'
            when other.mx_security is distinct from 'secure' then 'dnssec'
            when b.mx is distinct from a.mx then 'mx-changed'
            when lacking = 'none' then case direction when 'lost' then 'tlsa-removed' else 'tlsa-added' end
            else 'other'
        end
        when 'dane-effective' then case
            when other.dane not in ('full', 'partial') then 'published'
            when b.mx is distinct from a.mx then 'mx-changed'
            when leaf_changes > 0 and tlsa_changes = 0 then 'certificate'
            when leaf_changes = 0 and tlsa_changes > 0 then 'tlsa'
            when leaf_changes > 0 then 'both'
            else 'server'
        end
        when 'mta-sts' then case
            when other.has_mail is false then 'no-mail'
            when lacking in ('none', 'record-invalid') then 'record'
            when lacking = 'not-retrieved' then 'retrieval'
            when lacking = 'policy-invalid' then 'policy'
            else 'mode'
        end
    end as cause,
    case when subject = 'mta-sts' and lacking = 'not-retrieved' then concat_ws(' ', other.stage, other.cause)
    end as detail,
    case
        when subject = 'dnssec' then 'zone'
        when subject = 'mta-sts' then coalesce(one.hosted_at, 'self')
        when one.self then 'self'
        else coalesce(one.provider, 'self')
    end as who
from moved;
