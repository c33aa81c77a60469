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
# # MTA-STS in the wild
#
# **Question.** Of the domains with an MTA-STS record, how many have a policy that a sender can get, what does it say,
# and would it lose mail?
#
# **Tables.** `mta_sts` and its companions, over the views `policy_class` and `policy_verdicts`.
#
# **Run.** The folder below; change the path, or set `DANE_CENSUS_RUN`.

# %%
import os

from analysis.notebook import Run

RUN = os.environ.get("DANE_CENSUS_RUN", "../data/demo/scenarios")
run = Run(RUN)
run.facts()

# %% [markdown]
# ## Records

# %%
run.show("mta_sts")

# %%
run.bars("mta_sts_records", "record_flaw", title="What is wrong with records")

# %% [markdown]
# ## The way to a policy, and where it ends

# %%
run.bars("mta_sts_effect", "effective", title="What comes of a record")

# %%
run.bars("mta_sts_fetch", "hosting", "stage", "cause", title="Where the way ends")

# %%
run.show("mta_sts_hosting")

# %% [markdown]
# ## What policies say

# %%
run.show("mta_sts_max_age")

# %%
run.bars("mta_sts_coverage", "mode", "coverage", "mismatch", title="How patterns fit the mail hosts")

# %% [markdown]
# ## Who would lose mail?
#
# Mode enforce, and no mail host that a sender may use.

# %%
run.show("mta_sts_loss")

# %%
run.ask("""
    select flaw, count(distinct domain) as policies
    from (select domain, unnest(problems).flaw as flaw from policy_verdicts)
    group by flaw order by policies desc, flaw
""")

# %% [markdown]
# ## Certificates of the mail hosts, which enforce goes by

# %%
run.bars("mx_certificates", "flaw", title="By the public PKI", population="endpoints")

# %% [markdown]
# ## Reports

# %%
run.bars("tlsrpt_of", "population", title="Who asks for TLS reports")

# %%
run.show("tlsrpt_destinations")
