-- name: view_20_state
-- title: state: each class of each kept name in both runs
-- grain: (domain, subject)
-- definition: subject is dnssec, mail, dane (as published), dane-effective (at port 25), mta-sts (usable),
--   mta-sts-effective, or tlsrpt. before and after are its classes. known_before and known_after: the class is not one
--   of unknown, not-measured, indeterminate, untested, temporary, unreachable, which are what we do not know, not what
--   is.
-- source: the project's own
-- rfc: none
create or replace macro is_known(class) as
    class not in ('unknown', 'not-measured', 'indeterminate', 'untested', 'temporary', 'unreachable');
create or replace view state as
with told as (
    select domain, 'dnssec' as subject, b.dnssec as before, a.dnssec as after from kept
    union all select domain, 'mail', b.mail, a.mail from kept
    union all select domain, 'dane', b.dane, a.dane from kept
    union all select domain, 'dane-effective', b.dane_effective, a.dane_effective from kept
    union all select domain, 'mta-sts', b.mta_sts, a.mta_sts from kept
    union all select domain, 'mta-sts-effective', b.mta_sts_effective, a.mta_sts_effective from kept
    union all select domain, 'tlsrpt', b.tlsrpt, a.tlsrpt from kept
)
select *, is_known(before) as known_before, is_known(after) as known_after from told;
