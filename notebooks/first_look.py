# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # A first look at a run
#
# How many of the names take mail, how many of these are protected by DANE or MTA-STS as published, and who decides?
#
# Asked of the views `domain_class`, `host_class`, `mail_route` and `provider`; what their classes mean stands in
# `data/README.md`. The run is the folder below, or the one that `DANE_CENSUS_RUN` names.

# %%
import os

from analysis.export import table
from analysis.stats import catalogue, count
from analysis.warehouse import open_run

RUN = os.environ.get("DANE_CENSUS_RUN", "data/demo")
run = open_run(RUN)


def ask(sql: str) -> None:
    """Print what the views answer."""
    print(table(run.query(sql)))


def show(name: str) -> None:
    """Print one of the statistics that `dane-census stats` prints."""
    print(table(count(run, catalogue()[name]).result))


# %% [markdown]
# ## Is the run whole?
# Names without a row are `not-measured`; they and every failed look-up stay in the unknown part of all that follows.

# %%
show("names")
show("resolvable")

# %% [markdown]
# ## Who takes mail, and is the zone signed?

# %%
ask("""
    select mail_class, dnssec_class, count(*) as domains
    from domain_class group by all order by mail_class, dnssec_class
""")

# %% [markdown]
# ## DANE and MTA-STS together

# %%
show("dane_mta_sts")

# %% [markdown]
# ## Which providers bring DANE, and whose domains miss only a signature?
# `mx-insecure` domains have a mail host with secure TLSA: signing their own zone would complete it.

# %%
ask("""
    select provider, count(*) as domains,
        count(*) filter (where dane_class = 'full') as dane_full,
        count(*) filter (where dane_class = 'mx-insecure') as unsigned_only
    from provider join domain_class using (domain)
    where not self
    group by provider order by domains desc, provider limit 10
""")

# %% [markdown]
# ## Where is DANE partial, and which host is in the way?

# %%
ask("""
    select m.host_state, m.target, count(distinct m.domain) as domains, count(distinct m.host) as hosts
    from mail_route as m join domain_class as d using (domain)
    where d.dane_class = 'partial' and m.host_state <> 'secure'
    group by all order by domains desc, host_state, target
""")

# %% [markdown]
# ## Does popularity matter?
# By rank in powers of ten, if the list has ranks; else one row.

# %%
ask("""
    select
        case when rank is null then 'no rank' else 'up to ' || (10 ^ ceil(log10(rank)))::bigint end as band,
        count(*) filter (where has_mail) as with_mail,
        count(*) filter (where dane_class = 'full') as dane_full,
        count(*) filter (where has_mail and sts_class = 'valid') as mta_sts_valid,
        count(*) filter (where dane_class in ('unknown', 'not-measured')) as unknown
    from domain_class group by all order by min(rank) nulls last
""")

# %% [markdown]
# ## What was not to be had?

# %%
show("lookup_outcomes")
run.close()
