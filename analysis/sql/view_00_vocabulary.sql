-- name: view_00_vocabulary
-- title: The closed lists of classes, the macros, and the public-suffix table
-- grain: none: types and macros
-- definition: Every class that a name, a host or a policy record can have, in the order in which it is shown.
--   figures() is the form of every share: numerator; denominator (those of whom it is known whether they belong);
--   unknown (those of whom it is not known); share = numerator / denominator; and the share if all unknown were no
--   (share_low) or yes (share_high). A look-up error is never absence: it is counted in unknown. public_suffix is
--   filled by the Python side with a dated list; where it stays empty, as in the bare duckdb shell, the list's own
--   rule for unlisted names holds: the registrable name is the last two labels. provider_rule is filled likewise, from
--   analysis/data/providers.csv; where it stays empty, every provider is called by its registrable name.
-- source: the project's own
-- rfc: 4035 section 4.3, 7672 section 2.1, 8460 section 3, 8461 section 3.1
create or replace type dnssec_class as enum (
    'secure', 'insecure', 'insecure-unsupported', 'island', 'bogus', 'indeterminate', 'no-domain', 'not-measured');
create or replace type mail_class as enum (
    'mx', 'null-mx-mixed', 'implicit', 'null-mx', 'no-mail', 'no-domain', 'unknown', 'not-measured');
create or replace type host_state as enum ('secure', 'unsigned', 'none', 'no-address', 'unknown', 'not-measured');
create or replace type dane_class as enum (
    'full', 'partial', 'mx-insecure', 'none', 'not-applicable', 'unknown', 'not-measured');
create or replace type record_class as enum ('valid', 'invalid', 'none', 'unknown', 'not-measured');
create or replace type policy_state as enum (
    'enforce', 'testing', 'off', 'policy-invalid', 'not-retrieved', 'record-invalid', 'none', 'unknown',
    'not-measured');
create or replace type policy_effect as enum (
    'covered', 'partly-covered', 'would-lose-mail', 'no-hosts', 'testing', 'off', 'policy-invalid', 'not-retrieved',
    'record-invalid', 'none', 'unknown', 'not-measured');

create or replace type dane_effect_class as enum (
    'valid', 'partial-hosts', 'partial-addresses', 'partial-certificates', 'tls-only', 'mismatch', 'name-mismatch',
    'expired', 'bad-path', 'no-starttls', 'tls-failed', 'temporary', 'rejected', 'unreachable', 'untested',
    'mx-insecure', 'none', 'not-applicable', 'unknown', 'not-measured');
create or replace type sender_outcome as enum (
    'authenticated', 'encrypted', 'plaintext', 'deferred', 'no-mail', 'unknown', 'not-measured');

-- Whether a name of a certificate is a reference name; a star stands for the first label, above two or more
-- (RFC 7672 section 3.2.3).
create or replace macro name_admits(pattern, name) as
    pattern = name or (starts_with(pattern, '*.') and strpos(name, '.') > 1
        and substr(pattern, 3) = substr(name, strpos(name, '.') + 1) and contains(substr(pattern, 3), '.'));

-- Whether a TLSA record is usable for SMTP (RFC 7672 section 3.1, RFC 7671 section 4), as far as its numbers tell.
create or replace macro tlsa_usable(usage, selector, matching, octets) as
    usage in (2, 3) and selector in (0, 1)
    and case matching when 0 then octets > 0 when 1 then octets = 32 when 2 then octets = 64 else false end;

-- Whether the list was a sample (`--sample`): `set variable sampled = true`. Only then a share has an interval.
create or replace macro sampled() as coalesce(getvariable('sampled')::boolean, false);
-- Wilson's score interval of n in d at 95 %, its lower (-1) or upper (1) end; no correction for a finite list, so that
-- it is too wide rather than too narrow. Unknown look-ups are not chance: they stay in share_low and share_high.
create or replace macro wilson(n, d, side) as case when d > 0 then least(1.0::double, greatest(0.0::double,
    (n + 1.9207294 + side * 1.959964 * sqrt(n * (d - n) / d::double + 0.9603647)) / (d + 3.8414588))) end;

create or replace macro figures(n, d, u) as {
    'numerator': n::bigint,
    'denominator': d::bigint,
    'unknown': u::bigint,
    'share': n / nullif(d, 0)::double,
    'share_low': n / nullif(d + u, 0)::double,
    'share_high': (n + u) / nullif(d + u, 0)::double,
    'wilson_low': case when sampled() then wilson(n, d, -1) end,
    'wilson_high': case when sampled() then wilson(n, d, 1) end
};

-- What an RRset is to a validating client: its DNSSEC state if it is there, none if its absence is believable,
-- unknown after any look-up error, bogus and indeterminate included; null if nobody asked.
create or replace macro rrset_state(outcome, security) as case
    when outcome is null then null
    when security not in ('secure', 'insecure') then 'unknown'
    when outcome = 'answer' then security
    when outcome in ('nodata', 'nxdomain') then 'none'
    else 'unknown'
end;

-- DANE as published, from the hosts of a mail domain: how many are secure, known not to be, and unknown.
create or replace macro dane_verdict(mx_security, secure, known_not, unknown) as case
    when mx_security = 'secure' then case
        when secure = 0 and unknown = 0 then 'none'
        when secure = 0 then 'unknown'
        when known_not > 0 then 'partial'
        when unknown > 0 then 'unknown'
        else 'full'
    end
    when mx_security = 'insecure' then case
        when secure > 0 then 'mx-insecure'
        when unknown > 0 then 'unknown'
        else 'none'
    end
    else 'unknown'
end;

-- The two records as crawler/standards reads them strictly (tests/analysis/test_grammars.py). The texts write every
-- octet outside printable ASCII, and the backslash, as \NNN: so a tab is \009, and \092 is the only such group that the
-- value of an extension may hold. `parts` is what stands between the semicolons: white space about each, and only the
-- last may be empty, unless it is the only one.
create or replace macro bare(part) as trim(part, chr(9) || ' ');
create or replace macro record_parts(txt) as string_split(replace(txt, '\009', chr(9)), ';');
create or replace macro well_parted(parts) as
    len(parts) > 1 and bare(parts[2]) <> ''
    and (bare(parts[-1]) = '' or parts[-1] = rtrim(parts[-1], chr(9) || ' '))
    and len(list_filter(parts[2:-2], lambda part: bare(part) = '')) = 0;
create or replace macro extension_field(field) as
    regexp_full_match(field, '[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=(?:[!-:<>-\[\]-~]|\\092)+');

-- RFC 8461 section 3.1; of several ids the first counts.
create or replace macro sts_parts(parts) as
    bare(parts[1]) = 'v=STSv1' and starts_with(parts[1], 'v') and well_parted(parts)
    and len(list_filter(parts[2:], lambda part: bare(part) <> '' and not extension_field(bare(part)))) = 0
    and coalesce(regexp_full_match(bare(list_filter(parts[2:], lambda part: starts_with(bare(part), 'id='))[1]),
        'id=[A-Za-z0-9]{1,32}'), false);
create or replace macro sts_grammar(txt) as sts_parts(record_parts(txt));

-- RFC 8460 section 3, as crawler/standards/tlsrpt.py reads it strictly. A URI is of RFC 3986 without `,`, `!` and `;`,
-- its scheme mailto, with an address, or https, with a host.
create or replace macro tlsrpt_uri(uri) as
    regexp_full_match(uri, '(?i:mailto):(?:[A-Za-z0-9._~:\[\]$&''()*+=-]|%[0-9A-Fa-f]{2})+@(?:[A-Za-z0-9._~:\[\]$&''()*+=-]|%[0-9A-Fa-f]{2})+(?:\?(?:[A-Za-z0-9._~:/?#\[\]@$&''()*+=-]|%[0-9A-Fa-f]{2})*)?')
    or regexp_full_match(uri, '(?i:https)://(?:(?:[A-Za-z0-9._~:\[\]$&''()*+=-]|%[0-9A-Fa-f]{2})*@)?(?:(?:[A-Za-z0-9._~$&''()*+=-]|%[0-9A-Fa-f]{2})+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(?:[/?#](?:[A-Za-z0-9._~:/?#\[\]@$&''()*+=-]|%[0-9A-Fa-f]{2})*)?');
create or replace macro tlsrpt_field(field) as case
    when starts_with(field, 'rua=') then len(list_filter(string_split(substr(field, 5), ','),
        lambda uri: not tlsrpt_uri(bare(uri)))) = 0
    else extension_field(field)
end;
create or replace macro tlsrpt_parts(parts) as
    bare(parts[1]) = 'v=TLSRPTv1' and starts_with(parts[1], 'v') and well_parted(parts)
    and len(list_filter(parts[2:], lambda part: bare(part) <> '' and not tlsrpt_field(bare(part)))) = 0
    and len(list_filter(parts[2:], lambda part: starts_with(bare(part), 'rua='))) > 0;
create or replace macro tlsrpt_grammar(txt) as tlsrpt_parts(record_parts(txt));

-- The class of a policy record: how many texts begin as they must with `;`, how many of these keep the grammar,
-- and how many begin with the bare version.
create or replace macro record_verdict(state, exact, good, loose) as case
    when state = 'unknown' then 'unknown'
    when state = 'none' then 'none'
    when exact = 1 and good = 1 then 'valid'
    when loose > 0 then 'invalid'
    else 'none'
end;

-- A number of so many octets, from a place on, of octets written in hexadecimal; null where they end before.
create or replace macro octets_at(hexed, place, octets) as
    try_cast('0x' || nullif(substr(hexed, 2 * place + 1, 2 * octets), '') as integer);

-- IANA "DNS Security Algorithm Numbers", 2025-11; a number without a name here shows as it is.
create or replace macro algorithm_name(n) as case n
    when 1 then 'RSAMD5' when 3 then 'DSA' when 5 then 'RSASHA1' when 6 then 'DSA-NSEC3-SHA1'
    when 7 then 'RSASHA1-NSEC3-SHA1' when 8 then 'RSASHA256' when 10 then 'RSASHA512' when 12 then 'ECC-GOST'
    when 13 then 'ECDSAP256SHA256' when 14 then 'ECDSAP384SHA384' when 15 then 'ED25519' when 16 then 'ED448'
    when 17 then 'SM2SM3' when 23 then 'ECC-GOST12' when 252 then 'INDIRECT' when 253 then 'PRIVATEDNS'
    when 254 then 'PRIVATEOID' else 'algorithm ' || n
end;
create or replace macro digest_name(n) as case n
    when 1 then 'SHA-1' when 2 then 'SHA-256' when 3 then 'GOST R 34.11-94' when 4 then 'SHA-384'
    when 5 then 'GOST R 34.11-2012' when 6 then 'SM3' else 'digest ' || n
end;

create table if not exists public_suffix (name varchar, kind varchar, version varchar);
create table if not exists provider_rule (name varchar, provider varchar, kind varchar, version varchar);
