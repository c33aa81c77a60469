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
# # What has changed between two runs?
#
# **Question.** Which names were gained and lost, which classes moved, why, and who moved them?
#
# **Tables.** The comparisons of `dane-census compare`, over snapshots of both runs.
#
# **Runs.** The folders below, the oldest first; change the paths, or set `DANE_CENSUS_BEFORE` and `DANE_CENSUS_RUN`.
# Two worlds to try it on: `dane-census scan LIST --lab cc:1 --out data/before` and the same with `--lab cc:1@2`.

# %%
import os

from analysis.notebook import Runs

BEFORE = os.environ.get("DANE_CENSUS_BEFORE", "../data/before")
RUN = os.environ.get("DANE_CENSUS_RUN", "../data/after")
runs = Runs([BEFORE, RUN])
runs.show("populations")

# %% [markdown]
# ## Side by side

# %%
runs.bars("series", "measure", "run", title="Shares in both runs")

# %% [markdown]
# ## What moved, and why?

# %%
runs.show("transitions", subject="dane")

# %%
runs.bars("causes", "subject", "direction", "cause", title="Causes")

# %% [markdown]
# ## Who moved many names at once?

# %%
runs.show("events")

# %% [markdown]
# ## What got worse?

# %%
runs.ask("""
    select subject, before, after, cause, count(*) as domains
    from move where direction = 'lost' group by all order by domains desc, subject, before, after limit 15
""")

# %% [markdown]
# ## Did TLSA follow the certificates?

# %%
runs.show("rollovers")

# %% [markdown]
# ## Did ids follow the policies?

# %%
runs.show("policies")
