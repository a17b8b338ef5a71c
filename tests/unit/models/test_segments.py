"""Segments: the space they lie in, how many there are, who is who after a retraining, what they are called."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.kind import Fitted
from addressee.models.segment_clusters import FEWEST, MOST, cluster, least_people
from addressee.models.segment_matching import former_of, match, moved
from addressee.models.segment_names import defining, named
from addressee.models.segment_quality import movement, quality, warnings
from addressee.models.segment_space import fit_space, nearest, silhouettes
from addressee.models.segments import finished
from tests.models.generated import AS_OF_DAY, generate

NAMES = ("recency_days", "orders_90d", "basket_mean", "weekday_sine", "constant")


def blobs(centres, people=60, spread=0.2, seed=0):
    """Return people around each of the centres, one centre after the other."""
    rng = np.random.default_rng(seed)
    return np.concatenate([np.asarray(centre) + spread * rng.normal(size=(people, len(centre))) for centre in centres])


FIVE = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0), (4.0, 4.0), (9.0, 9.0)]


def features(people=200, seed=1):
    """Return features by `NAMES`: three that vary, the calendar, and one that does not vary."""
    rng = np.random.default_rng(seed)
    varying = np.exp(rng.normal(size=(people, 3)))
    return np.column_stack([varying, rng.normal(size=people), np.ones(people)])


class TestSpace:
    """Where people are."""

    def test_what_does_not_vary_and_the_calendar_are_left_out(self):
        """Three features remain; each has mean 0 and deviation 1."""
        space = fit_space(NAMES, features(), {})
        assert [NAMES[at] for at in space.column] == ["recency_days", "orders_90d", "basket_mean"]
        standard = space.standard(features())
        assert standard.mean(axis=0) == pytest.approx([0.0] * 3, abs=1e-6)
        assert standard.std(axis=0) == pytest.approx([1.0] * 3, abs=1e-6)

    def test_components_stand_upright_on_one_another_and_keep_most_of_the_variance(self):
        """PCA: as in the books."""
        space, people = fit_space(NAMES, features(), {}), features()
        assert space.component.T @ space.component == pytest.approx(np.eye(space.component.shape[1]), abs=1e-6)
        assert space.place(people).var(axis=0).sum() >= 0.9 * space.standard(people).var(axis=0).sum()

    def test_a_missing_value_counts_as_the_mean(self):
        """NaN and infinity put nobody out of the space."""
        people = features()
        people[:2, 0] = np.nan, np.inf
        assert fit_space(NAMES, people, {}).standard(people)[:2, 0].tolist() == [0.0, 0.0]

    def test_a_feature_that_counts_for_nothing_moves_nobody(self):
        """A weight of 0 takes a feature out of all distances."""
        people = features()
        space = fit_space(NAMES, people, {"basket_mean": 0.0})
        other = people.copy()
        other[:, 2] *= 50.0
        assert space.place(other) == pytest.approx(space.place(people), abs=1e-6)

    def test_people_who_are_all_alike_share_one_place(self):
        """No feature varies: nobody is far from anybody, and nothing is divided by nothing."""
        people = np.full((30, len(NAMES)), 2.5)
        assert np.abs(fit_space(NAMES, people, {}).place(people)).max() < 1e-6

    def test_a_person_between_two_centroids_is_in_the_first(self):
        """Ties are not left to the last bit."""
        assert nearest(np.array([[0.1 + 0.2, 0.0]]), np.array([[0.0, 0.0], [0.6, 0.0]])).tolist() == [0]

    def test_silhouettes_tell_far_groups_from_mixed_ones(self):
        """Near 1 for groups that lie far apart, about 0 for a random division, 0 for a single group."""
        points, groups = blobs(FIVE), np.repeat(np.arange(5), 60)
        assert silhouettes(points, groups, 5).mean() > 0.8
        assert abs(silhouettes(points, np.random.default_rng(0).permutation(groups), 5).mean()) < 0.2
        assert not silhouettes(points, np.zeros(len(points), np.int64), 1).any()


class TestClusters:
    """How many segments, and where."""

    def test_as_many_segments_as_there_are_groups(self):
        """Five groups that lie apart are found by the silhouette, and the elbow says five too."""
        found = cluster(blobs(FIVE), rng=np.random.default_rng(0))
        assert (len(found.centroids), found.elbow) == (5, 5)
        assert sorted(np.round(found.centroids).tolist()) == sorted(map(list, FIVE))
        assert found.silhouette[5] == max(found.silhouette.values())

    def test_the_same_people_give_the_same_centroids(self):
        """Seeded, sorted, rounded."""
        first, second = (cluster(blobs(FIVE), rng=np.random.default_rng(3)) for _ in range(2))
        assert first.centroids.tolist() == second.centroids.tolist()
        assert first.silhouette == second.silhouette

    def test_a_handful_of_people_is_no_segment(self):
        """Three who are unlike everybody are put to their neighbours; each segment has enough people."""
        points = np.concatenate([blobs(FIVE[:4]), blobs([(40.0, 40.0)], people=3)])
        found = cluster(points, rng=np.random.default_rng(0))
        assert np.bincount(nearest(points, found.centroids)).min() >= least_people(len(points))

    @pytest.mark.parametrize("people", [1, 3, 20])
    def test_few_people_are_one_segment(self, people):
        """There is no room for four; nothing fails."""
        found = cluster(blobs([(0.0, 0.0)], people=people), rng=np.random.default_rng(0))
        assert (len(found.centroids), found.elbow, found.silhouette) == (1, 1, {1: 0.0})

    def test_people_who_are_alike_are_one_segment(self):
        """Many, but all in two places: four segments cannot be told."""
        points = np.repeat([[0.0, 0.0], [1.0, 1.0]], 100, axis=0)
        assert len(cluster(points, rng=np.random.default_rng(0)).centroids) == 1

    def test_the_number_of_before_is_kept_where_another_is_hardly_better(self):
        """On a cloud without groups any number is as good; with groups the one of before gives way."""
        cloud = np.random.default_rng(0).normal(size=(400, 3))
        fresh = cluster(cloud, rng=np.random.default_rng(0))
        near = [count for count, value in fresh.silhouette.items() if value > max(fresh.silhouette.values()) - 0.02]
        before = cluster(cloud[:300], rng=np.random.default_rng(5)).centroids
        other = next(count for count in (*near, len(before)) if count != len(fresh.centroids))
        start = cloud[:other]
        assert len(cluster(cloud, rng=np.random.default_rng(0), before=start).centroids) == other
        assert len(cluster(blobs(FIVE), rng=np.random.default_rng(0), before=np.zeros((9, 2))).centroids) == 5

    def test_centroids_go_on_from_those_of_before_where_they_are_as_good(self):
        """From the places of before, people are grouped as before."""
        cloud = np.random.default_rng(0).normal(size=(500, 3))
        before = cluster(cloud, rng=np.random.default_rng(0))
        again = cluster(cloud, rng=np.random.default_rng(99), before=before.centroids)
        same = nearest(cloud, before.centroids) == nearest(cloud, again.centroids)
        assert len(again.centroids) == len(before.centroids)
        assert same.mean() > 0.99

    def test_a_large_base_is_sampled(self):
        """K-Means sees a sample, the silhouette a smaller one; the centroids serve everybody."""
        found = cluster(blobs(FIVE, people=600), rng=np.random.default_rng(0), most=2_200)
        assert sorted(np.abs(np.round(found.centroids)).tolist()) == sorted(map(list, FIVE))
        assert set(found.silhouette) == set(range(FEWEST, MOST + 1))


class TestMatching:
    """Who is who after a retraining."""

    def test_segments_in_another_order_are_found_again(self):
        """Each is the nearest of before, whatever its number."""
        before = np.array(FIVE)
        now = before[[3, 0, 4, 1, 2]] + 0.1
        assert match(now, before) == [3, 0, 4, 1, 2]

    def test_a_segment_that_split_keeps_its_name_once(self):
        """The nearer half is the one of before, the other one is new."""
        before = np.array([(0.0, 0.0), (5.0, 0.0)])
        assert match(np.array([(0.2, 0.0), (1.5, 0.0), (5.0, 0.0)]), before) == [0, -1, 1]

    def test_what_went_far_away_is_another(self):
        """A pair is only a pair where it lies nearer than the fellows of before."""
        before = np.array([(0.0, 0.0), (1.0, 0.0)])
        assert match(np.array([(0.0, 0.0), (1.0, 8.0)]), before) == [0, -1]

    def test_the_sum_of_all_distances_counts(self):
        """Hungarian method: taking the nearest first would leave a worse pair."""
        before = np.array([(0.0,), (2.0,), (9.0,)])
        assert match(np.array([(1.1,), (2.9,), (9.0,)]), before) == [0, 1, 2]

    def test_movement_counts_the_people_whose_name_changed(self):
        """One of four; nobody of nobody."""
        assert moved(["a", "a", "b", "b"], ["a", "a", "b", "a"]) == 0.25
        assert moved([], []) == 0.0

    def test_a_model_of_another_kind_is_nobodys_past(self):
        """Without centroids there is nothing to go on from."""
        assert former_of(None) is None
        assert former_of(Fitted({}, {"segments": ["a"]}, {}, "tiers")) is None


class TestNames:
    """What they are called."""

    FEATURES = ("recency_days", "orders_90d", "basket_mean", "views_90d", "orders_trend")

    def named(self, profiles, *, kept=None, without_order=None, size=None):
        """Name segments with as many people each."""
        count = len(profiles)
        none = np.zeros(count) if without_order is None else np.asarray(without_order)
        return named(np.asarray(profiles), self.FEATURES, size or [10] * count, none, kept or [""] * count)

    def test_a_name_says_how_often_and_what(self):
        """From the features that stand out."""
        assert self.named([(-1.0, 1.5, 0.9, 0.0, 0.0), (1.4, -0.8, 0.0, 0.8, 0.0), (0.0, 0.0, -1.0, 0.0, 0.0)]) == [
            "frequent_big_baskets",
            "lapsed_browsers",
            "steady_small_baskets",
        ]

    def test_who_is_like_everybody_is_called_so(self):
        """Nothing stands out."""
        assert self.named([(0.1, -0.1, 0.2, 0.0, 0.0)]) == ["steady_shoppers"]

    def test_who_never_ordered_is_prospective(self):
        """Their recency is that of never, which is no lapse; they can be browsers."""
        profile = (3.0, -1.0, -1.0, 0.9, 0.0)
        assert self.named([profile], without_order=[0.9]) == ["prospective_browsers"]
        assert self.named([profile], without_order=[0.1]) == ["lapsed_small_baskets"]

    def test_no_two_are_called_alike(self):
        """The larger one gets the better name, and where words run out a number helps."""
        alike = [(2.0, 0.0, 0.5, 0.0, 0.0)] * 6
        found = self.named(alike, size=[5, 4, 30, 3, 2, 1])
        assert len(set(found)) == 6
        assert found[2] == "lapsed_big_baskets"
        assert any(name.endswith("_2") for name in found)

    def test_a_kept_name_is_kept_and_taken_by_nobody_else(self):
        """Whatever the features say now."""
        found = self.named([(2.0, 0.0, 0.5, 0.0, 0.0), (2.0, 0.0, 0.5, 0.0, 0.0)], kept=["", "lapsed_big_baskets"])
        assert found == ["lapsed_shoppers", "lapsed_big_baskets"]

    def test_defining_features_are_the_farthest(self):
        """By how many standard deviations, with their sign."""
        assert defining(np.array([0.1, -2.0, 1.0]), ("a", "b", "c"), most=2) == [("b", -2.0), ("c", 1.0)]


class TestQuality:
    """What is worth a warning."""

    def measured(self, centres=FIVE, **kwargs):
        """Measure segments around the centres."""
        points = blobs(centres, **kwargs)
        found = cluster(points, rng=np.random.default_rng(0))
        names = [f"s{at}" for at in range(len(found.centroids))]
        return quality(points, found, nearest(points, found.centroids), names)

    def test_segments_that_lie_apart_give_no_warning(self):
        """All five have their people, and nobody is between two."""
        said = self.measured()
        assert said["people"] == {f"s{at}": 60 for at in range(5)}
        assert (said["overlap_overall"], warnings(said)) == (0.0, [])

    def test_a_continuum_is_told(self):
        """In many dimensions of noise, everybody is nearly as near to another segment."""
        said = self.measured([(0.0,) * 8], people=400, spread=1.0)
        text = " ".join(warnings(said))
        assert "cut a continuum" in text
        assert "nearly as near" in text

    def test_one_segment_and_a_giant_are_told(self):
        """Few people; most people in one."""
        assert "one segment" in warnings(self.measured([(0.0, 0.0)], people=5))[0]
        said = {**self.measured(), "people": {"s0": 90, "s1": 1, "s2": 2, "s3": 3, "s4": 4}}
        assert warnings(said) == ["s0 holds 90% of the people."]

    def test_movement_names_what_stayed_came_and_went(self):
        """By names; many who moved are a warning."""
        said = movement(["a", "a", "b"], ["a", "c", "c"], segments=["a", "c"])
        assert said == {"moved": pytest.approx(2 / 3, abs=1e-6), "kept": ["a"], "new": ["c"], "gone": ["b"]}
        assert "67% of the people have another segment" in warnings({**self.measured(), "movement": said})[0]


def test_what_came_late_was_not_known_by_then():
    """An order of the window that was received after the day of fitting is no truth yet."""
    tables = generate(people=40)
    until = AS_OF_DAY - 28
    late = replace(tables.interactions, received_day=np.full_like(tables.interactions.day, until + 1))
    features, truth = finished(tables, until)
    assert len(features) == len(truth) > 0 < truth.max()
    assert finished(replace(tables, interactions=late), until)[1].max() == 0.0
