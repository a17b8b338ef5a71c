"""Generators of recommendations: who took what -> a score for every item.

A *recipe* is a frozen dataclass of settings. `fit` learns from a sparse matrix [users, items] whose values say how much
(1, a count, a decayed count: `matrices.purchase_matrix`); the fitted model scores any rows of the same items, those of
people who were not there when it was fitted included:

    recipe = Ease(regularisation=200.0)                              # ease.py
    fitted = recipe.fit(matrix, rng=rng, about=About(texts=texts, traits=traits, lately=decayed))
    fitted.scores(rows)                    # dense [n, items]; rows: sparse [n, items], what these people took
    fitted.scores(rows, traits=traits)     # for generators that look at traits (sparse [n, T], 0 or 1)
    top_items(scores, seen=rows, k=10)     # lists.py: [n, k] items, best first, -1 where there are no more

Models whose scores are sums over what a person took (ItemItem, Ease, Rp3Beta, PureSvd, Content, and a Blend of such)
are an `ItemModel`: `fitted.item_item(top=200)` is the sparse [items, items] that is left when each item keeps its 200
strongest weights, those below 0 included; serving then is one sparse sum: score(j) = sum over taken i of value(i) *
weight(i, j). `Popular` has `fitted.popularity`; a blend with a `Popularity` part has `fitted.bias`, [items], to add
to everybody's sum.

| module | recipes |
|---|---|
| `popularity` | `Popularity`; `TraitPopularity` (per segment or trait: for cold users) |
| `frequency` | `PersonalFrequency` (re-buyable goods: what a person took, by its decayed count) |
| `neighbours` | `ItemItem` (cosine or Jaccard, shrinkage), `UserUser` |
| `ease` | `Ease` |
| `walks` | `Rp3Beta` |
| `factors` | `Als` (library `implicit`), `PureSvd` |
| `content` | `Content`, `ContentFactors` (TF-IDF over texts: both know items that nobody took yet) |
| `blend` | `Blend` (weighted), `tuned_blend` (weights found on hidden parts) |
| `stack` | `Stack` (LambdaRank over the scores and ranks of a blend's parts, item and user features) |

Everything that is chosen is chosen on `Hidden` parts of the training matrix (`hidden.py`): `hide` draws them at random,
or give `Hidden(kept, hidden)` cut by time; `hidden.tune(recipes, parts, seed=7)` returns the recipes with their
figures, best first. The same matrix and seed give the same bytes, whatever the number of BLAS threads (`threads.py`).

Cold users: `scores` of empty rows with `traits`. Cold items: a column without takes, and a text.

Training only: scipy is loaded here, scikit-learn, lightgbm and implicit inside functions. Nothing that scores profiles
or serves imports this package. docs/models.md says up to which sizes each one goes.
"""
