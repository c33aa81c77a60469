# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Why does DANE break?
#
# **Question.** Of the domains that published TLSA records, how many are protected by them, and what stands in the way
# of the others: the zone, the records, the certificate, or the server?
#
# **Tables.** `dane_fate`, `dane_endpoints`, `tlsa_advice` and others; the views `dane_effect`, `dane_pair`,
# `mail_route` and `endpoint_verdicts`.
#
# **Run.** The folder below, of a scan with `--smtp`; change the path, or set `DANE_CENSUS_RUN`.

# %%
import os

from analysis.notebook import Run

RUN = os.environ.get("DANE_CENSUS_RUN", "../data/demo/scenarios")
run = Run(RUN)
run.facts()

# %% [markdown]
# ## From published to effective

# %%
run.show("dane")

# %%
run.bars("dane_fate", "class", title="What comes of published DANE")

# %% [markdown]
# ## Which rule fires at the endpoints?

# %%
run.bars("dane_endpoints", "rule", "reason", title="TLSA against the certificates shown")

# %% [markdown]
# ## How near a miss?
#
# What would have to be otherwise for some record to match.

# %%
run.ask("""
    select near_miss, count(*) as endpoints, count(distinct host) as hosts
    from (select host, unnest(near_misses) as near_miss from endpoint_verdicts)
    group by near_miss order by endpoints desc, near_miss
""")

# %% [markdown]
# ## Which records do people publish?

# %%
run.bars("tlsa_parameters", "combination", title="TLSA parameters, each host once", weight="host")

# %%
run.bars("tlsa_advice", "finding", title="What advice is not followed")

# %%
run.bars("tlsa_ttl", "band", title="TTL of TLSA RRsets, seconds")

# %% [markdown]
# ## Where is DANE partial, and which host is in the way?

# %%
run.ask("""
    select m.host_state, m.target, count(distinct m.domain) as domains, count(distinct m.host) as hosts
    from mail_route as m join domain_class as d using (domain)
    where d.dane_class = 'partial' and m.host_state <> 'secure'
    group by all order by domains desc, host_state, target
""")

# %% [markdown]
# ## Whose domains miss only a signature?
#
# *mx-insecure* domains have a mail host with secure TLSA: signing their own zone would complete it.

# %%
run.ask("""
    select p.provider, count(*) filter (where d.dane_class = 'mx-insecure') as unsigned_only,
        count(*) filter (where d.dane_class = 'full') as dane_full, count(*) as domains
    from provider as p join domain_class as d using (domain)
    where not p.self
    group by p.provider having unsigned_only > 0 order by unsigned_only desc, p.provider limit 15
""")

# %% [markdown]
# ## Who keeps it in order?

# %%
run.bars("dane_by_operator", "operator", title="Valid DANE by who manages hosts and DNS")

# %%
run.bars("dane_by_host_size", "domains_per_host", title="Valid hosts by how many domains they serve")
