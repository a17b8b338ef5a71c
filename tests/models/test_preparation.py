"""Preparation gives the same numbers in the pipeline, for many people at once, and one by one where it is served."""

import numpy as np
import pytest

from addressee.models.packed import pack, unpack
from addressee.models.preparation import Choices, prepare
from addressee.models.prepared import FAR, LEVEL, PreparedColumns
from addressee.models.prepared_columns import prepared_matrix
from addressee.models.scorers import WrongFeatures

CATEGORICAL = (3, 4)
CHOICES = [
    Choices(),
    Choices(impute="median", scale="minmax"),
    Choices(impute="mode", log=False, far=True),
    Choices(impute="knn", categories="target"),
    Choices(impute="knn", scale="minmax", far=True),
    Choices(categories="target", smooth=5.0, far=True),
    Choices(embed=4, far=True),
    Choices(impute="knn", categories="target", embed=8),
]


def people(rows=400, *, seed=0):
    """Return skewed numbers with gaps, two categorical columns, and labels that hang on the first of these.

    No numbers are alike: of equally near people scikit-learn takes any.
    """
    rng = np.random.default_rng(seed)
    features = np.column_stack(
        [
            rng.gamma(1.0, 100.0, rows),
            rng.normal(size=rows) * 5,
            rng.exponential(1.0, rows),
            rng.integers(0, 6, rows),
            rng.integers(0, 40, rows),
            rng.normal(size=rows),
        ]
    )
    features[rng.random(features.shape) < 0.1] = np.nan
    features[::50, 0] *= 1e6
    return features, np.nan_to_num(features[:, 3]) + rng.normal(size=rows) > 2.5


def served(sections):
    """Return the columns as serving opens them."""
    return PreparedColumns(unpack(pack(sections)), {"features": 6})


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_pipeline_scoring_and_serving_agree(choices):
    """People of another day, gaps, unknown levels and infinite values included."""
    prepared = prepare(*people(), choices, categorical=CATEGORICAL, seed=3)
    others = people(120, seed=1)[0]
    others[:10, 3] = 77.0
    others[5] = np.nan
    expected = prepared.pipeline.transform(others)
    found = prepared_matrix(prepared.sections, others)
    assert found == pytest.approx(expected, abs=1e-9)
    others[11, 0] = np.inf
    found = prepared_matrix(prepared.sections, others)
    model = served(prepared.sections)
    for row, columns in zip(others.tolist(), found.tolist(), strict=True):
        assert model.row(row) == pytest.approx(columns, abs=1e-9)


def test_training_rows_are_prepared_as_others_are():
    """But for target rates, which come of other folds."""
    features, labels = people()
    choices = Choices(impute="median", embed=4, far=True)
    prepared = prepare(features, labels, choices, categorical=CATEGORICAL, seed=3)
    assert prepared.columns == pytest.approx(prepared_matrix(prepared.sections, features), abs=1e-9)


def test_a_target_rate_of_a_training_row_does_not_hold_its_own_label():
    """Every row has a level of its own: in other folds nothing is known of it, so that all become the overall rate."""
    rng = np.random.default_rng(0)
    features, labels = np.column_stack([rng.normal(size=100), np.arange(100.0)]), rng.random(100) < 0.5
    prepared = prepare(features, labels, Choices(categories="target", smooth=1.0), categorical=[1], seed=3)
    learned = abs(np.corrcoef(prepared.columns[:, 1], labels)[0, 1])
    leaking = abs(np.corrcoef(prepared_matrix(prepared.sections, features)[:, 1], labels)[0, 1])
    assert leaking > 0.99
    assert learned < 0.3


def test_smoothing_pulls_rare_levels_to_the_overall_rate():
    """One person of a level says less than twenty."""
    features = np.column_stack([np.zeros(61), np.r_[np.zeros(40), np.ones(20), [2.0]]])
    labels = np.r_[np.arange(40) % 4 == 0, np.ones(21)] > 0
    prepared = prepare(features, labels, Choices(categories="target", smooth=10.0), categorical=[1], seed=3)
    common, rare, unknown = prepared_matrix(prepared.sections, np.array([[0, 1.0], [0, 2.0], [0, 9.0]]))[:, 1]
    assert common > rare > unknown


def test_only_frequent_levels_get_a_column():
    """Forty levels do not make forty weights; those that are left out are none of the columns."""
    prepared = prepare(*people(), Choices(), categorical=CATEGORICAL, seed=3)
    steps, columns = np.array(prepared.sections["step"]), np.array(prepared.sections["column"])
    assert ((steps == LEVEL) & (columns == 4)).sum() == 20


def test_far_out_values_are_flagged_in_the_last_column():
    """A millionfold amount is seen, whatever the scale."""
    prepared = prepare(*people(), Choices(scale="minmax", far=True), categorical=CATEGORICAL, seed=3)
    assert prepared.sections["step"][-1] == FAR
    flags = prepared.columns[:, -1]
    assert 0 < flags.mean() < 0.1
    assert served(prepared.sections).row([1e12, 0.0, 0.0, 1.0, 1.0, 7.0])[-1] == 1.0


def test_a_column_that_is_always_missing_is_no_trouble():
    """It is left out, whatever it holds later; so is a number that is always the same."""
    features, labels = people()
    features[:, 1], features[:, 2] = np.nan, 7.0
    for impute in ("mean", "knn"):
        prepared = prepare(features, labels, Choices(impute=impute), categorical=CATEGORICAL, seed=3)
        assert set(prepared.sections["column"]) == {0, *CATEGORICAL, 5}
        before = prepared_matrix(prepared.sections, features)
        features[:, 1:3] = 1e6
        assert prepared_matrix(prepared.sections, features).tolist() == before.tolist()
        features[:, 1], features[:, 2] = np.nan, 7.0


def test_a_vector_of_another_length_is_refused():
    """A feature too few is an error, not a guess; so is a model whose columns lie beyond the vector."""
    prepared = prepare(*people(), Choices(), categorical=CATEGORICAL, seed=3)
    with pytest.raises(WrongFeatures):
        served(prepared.sections).row([1.0])
    with pytest.raises(ValueError, match="beyond the 3 features"):
        PreparedColumns(prepared.sections, {"features": 3})
