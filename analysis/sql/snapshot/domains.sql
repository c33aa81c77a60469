-- name: domains
-- title: What two runs are compared by, of each name
-- grain: domain: each row of names, measured or not
-- definition: The classes of the views, the facts that tell why one of them moved (DS, security of the MX RRset, mail
--   hosts, record id, the policy's octets), and who is concerned: provider, policy host.
-- source: the project's own
-- rfc: none
select
    d.domain, d.tld, d.dnssec_class::varchar as dnssec, d.mail_class::varchar as mail, d.has_mail,
    d.mx_security, coalesce(len(l.ds_set) > 0, false) as has_ds,
    p.provider, coalesce(p.self, false) as self,
    m.mx,
    e.published::varchar as dane, e.usable::varchar as dane_usable, e.effective::varchar as dane_effective,
    s.published::varchar as record, s.usable::varchar as mta_sts, s.effective::varchar as mta_sts_effective,
    s.stage::varchar as stage, s.cause, s.policy_id, s.mode, s.max_age, s.hosting, s.hosted_at,
    case when f.outcome = 'fetched' then sha256(f.body) end as policy,
    d.tlsrpt_class::varchar as tlsrpt
from domain_class as d
join dane_effect as e using (domain)
join policy_class as s using (domain)
left join domains as l using (domain)
left join policies as f using (domain)
left join provider as p using (domain)
left join (
    select domain, list_sort(list(distinct host)) as mx
    from mail_route where target in ('host', 'implicit') group by domain
) as m using (domain);
