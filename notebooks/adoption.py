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
# # How far has e-mail's transport security come?
#
# **Question.** Of the names of a list, how many take mail, how many are signed, and how many protect their mail by
# DANE, by MTA-STS, or by both: published, usable, and effective at port 25?
#
# **Tables.** Statistics of `dane-census stats`, over the views `domain_class`, `dane_effect`, `policy_class` and
# `measured`; what their classes mean stands in `data/README.md`.
#
# **Run.** The folder below; change the path, or set `DANE_CENSUS_RUN`.

# %%
import os

from analysis.notebook import Run

RUN = os.environ.get("DANE_CENSUS_RUN", "../data/demo/cc-population")
run = Run(RUN)
run.facts()

# %% [markdown]
# ## Is the run whole?
#
# Names without a row are *not-measured*; they, and every failed look-up, stay in the unknown part of all that
# follows.

# %%
run.show("names")

# %%
run.show("resolvable")

# %% [markdown]
# ## Who takes mail, and is the zone signed?

# %%
run.bars("mail_kinds", "class", title="What the names say about mail")

# %%
run.bars("dnssec_states", "class", title="State of the names' zones")

# %% [markdown]
# ## In short
#
# Each question at its levels, with the bounds that the unknown leaves.

# %%
run.show("by_weight", weight="name")

# %% [markdown]
# ## DANE and MTA-STS together

# %%
run.cross("dane_mta_sts", "mta_sts", "dane", title="As published")

# %%
run.stacks("dane_mta_sts_levels", "level", "has", title="At three levels")

# %% [markdown]
# ## What does a sender get?

# %%
run.stacks("senders", "sender", "outcome", title="Outcome by kind of sender")

# %% [markdown]
# ## Who decides?

# %%
run.bars("mx_providers", "provider", title="Mail providers")

# %%
run.show("mx_concentration")

# %%
run.bars("by_provider", "provider", title="DANE by provider", measure="dane", level="published")

# %% [markdown]
# ## Does popularity matter, or the TLD?
#
# By rank in powers of ten if the list has ranks; else one row.

# %%
run.bars("by_rank", "rank_to", title="DANE by rank", measure="dane", level="published")

# %%
run.bars("by_tld", "tld", title="DANE by top-level domain", measure="dane", level="published")

# %% [markdown]
# ## What could not be learnt?

# %%
run.show("lookup_outcomes", lookup="mx")
