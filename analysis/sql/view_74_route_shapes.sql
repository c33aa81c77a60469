-- name: view_74_route_shapes
-- title: route_shapes: domains counted by how their mail hosts look together
-- grain: all columns but those that begin with n
-- definition: Domains with rows in mail_route; n is how many, n_host and so on how many MX records of that kind they
--   have together. hosts and preferences count distinct ones, the null MX and the domain itself as implicit host left
--   out. has_... tell whether some MX is of that kind (has_host, has_junk ...) or some mail host in that state; six
--   tells IPv6 at some host (six_some), at all whose answer is known (six_all), and whether an answer is open
--   (six_open); junk has none. good and bad: some mail host showed a certificate that the public PKI vouches for, or
--   one that it does not; null without any.
-- source: the project's own
-- rfc: 5321 section 5.1
create or replace view route_shapes as
with shown as (
    select host, coalesce(bool_or(len(certificate) = 0), false) as good,
        coalesce(bool_or(len(certificate) > 0), false) as bad
    from endpoint_verdicts where contact = 'tls'
    group by host
),
each as (
    select m.domain,
        count(*) filter (where not m.again and m.target not in ('null', 'implicit')) as hosts,
        count(distinct m.preference) filter (where m.target not in ('null', 'implicit')) as preferences,
        bool_or(m.target = 'host') as has_host, bool_or(m.target = 'null') as has_null,
        bool_or(m.target = 'localhost') as has_localhost, bool_or(m.target = 'address') as has_literal,
        bool_or(m.target = 'single-label') as has_single_label, bool_or(m.target = 'bad-name') as has_bad_name,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'secure') as has_secure,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'unsigned') as has_unsigned,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'none') as has_none,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'no-address') as has_no_address,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'unknown') as has_unknown,
        bool_or(m.target in ('host', 'implicit') and m.host_state = 'not-measured') as has_not_measured,
        bool_or(case when m.target in ('host', 'implicit') then m.has_ipv6 else false end)
            filter (where m.target <> 'null') as six_some,
        bool_and(case when m.target in ('host', 'implicit') then coalesce(m.has_ipv6, true) else false end)
            filter (where m.target <> 'null') as six_all,
        bool_or(m.target in ('host', 'implicit') and m.has_ipv6 is null) as six_open,
        bool_or(s.good) as good, bool_or(s.bad) as bad,
        count(*) filter (where m.target = 'host') as n_host, count(*) filter (where m.target = 'null') as n_null,
        count(*) filter (where m.target = 'localhost') as n_localhost,
        count(*) filter (where m.target = 'address') as n_literal,
        count(*) filter (where m.target = 'single-label') as n_single_label,
        count(*) filter (where m.target = 'bad-name') as n_bad_name
    from mail_route as m left join shown as s on s.host = m.host
    group by m.domain
)
select d.mail_class, d.has_mail,
    e.* exclude (domain, n_host, n_null, n_localhost, n_literal, n_single_label, n_bad_name),
    sum(n_host) as n_host, sum(n_null) as n_null, sum(n_localhost) as n_localhost, sum(n_literal) as n_literal,
    sum(n_single_label) as n_single_label, sum(n_bad_name) as n_bad_name, count(*) as n
from each as e join domain_class as d using (domain)
group by all;
