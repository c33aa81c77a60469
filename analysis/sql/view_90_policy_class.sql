-- name: view_90_policy_class
-- title: policy_class: every name and what its MTA-STS comes to
-- grain: domain: each row of names, measured or not
-- definition: published is sts_class. usable: none, unknown, not-measured as published; record-invalid; not-retrieved
--   (no addresses, TCP, TLS, certificate, HTTP); policy-invalid; else the mode of the policy that a sender gets:
--   enforce, testing or off (mode none). effective, for names with mail: what enforce comes to at the mail hosts by
--   the patterns alone: covered (all admitted), partly-covered, would-lose-mail (none admitted); all others as
--   usable. hosting: third-party if the policy host is an alias to another registrable name, or stands at an address
--   where 50 or more domains of this run have theirs; self otherwise; unknown without alias and address. hosted_at is
--   that registrable name or address. with_mx: the alias' registrable name is that of the domain's MX provider.
-- source: Ashiq et al. 2025 sections 4 and 5; the threshold of 50 is theirs
-- rfc: 8461 sections 3, 4 and 5
create or replace view policy_class as
with placed as (
    select
        p.domain, p.expanded, p.outcome, p.attempts[1].address as address, r.domain as target, own.domain as own,
        count(*) over (partition by p.attempts[1].address) as sharing
    from policies as p
    left join registrable as r on r.name = p.expanded
    left join registrable as own on own.name = p.domain
),
hosted as (
    select
        domain, expanded, outcome,
        case
            when target <> own then 'third-party'
            when address is null then 'unknown'
            when sharing >= 50 then 'third-party'
            else 'self'
        end as hosting,
        case when target <> own then target when sharing >= 50 then address end as hosted_at,
        target <> own as by_alias
    from placed
),
judged as (
    select
        d.domain, d.tld, d.rank, d.tags, d.has_mail, d.sts_class as published, v.state, v.stage, v.cause, v.rule,
        v.record_flaw, v.policy_id, v.mode, v.max_age, v.coverage, v.uncovered, v.plain_text, v.policy_lenient,
        coalesce(h.hosting, 'unknown') as hosting, h.hosted_at, h.by_alias, h.outcome,
        case
            when d.sts_class in ('none', 'unknown', 'not-measured') then d.sts_class::varchar
            when v.state is null or v.state = 'unknown' then 'unknown'
            when v.stage = 'record' then 'record-invalid'
            when v.stage = 'syntax' then 'policy-invalid'
            when v.state = 'failed' then 'not-retrieved'
            when v.mode = 'none' then 'off'
            else v.mode
        end as usable
    from domain_class as d
    left join policy_verdicts as v using (domain)
    left join hosted as h using (domain)
)
select
    j.* exclude (usable),
    j.usable::policy_state as usable,
    case
        when j.usable <> 'enforce' then j.usable
        when j.coverage = 'all' then 'covered'
        when j.coverage = 'some' then 'partly-covered'
        when j.coverage = 'none' then 'would-lose-mail'
        when j.coverage = 'no-hosts' then 'no-hosts'
        else 'unknown'
    end::policy_effect as effective,
    case when j.by_alias then j.hosted_at = m.provider end as with_mx
from judged as j left join provider as m using (domain);
