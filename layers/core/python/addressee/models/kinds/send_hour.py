"""`send_hour`: the local hours at which a person clicks best in mails, or none where the default is as good."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from addressee.models.candidates import Lesson, columns_of, learn
from addressee.models.hour_profiles import HOURS, WEEK, HourModel, fit_hours, own_profiles, own_rates
from addressee.models.item_sections import numbers, packed
from addressee.models.kind import REASONS, Answers, Audience, Cuts, Exam, Fitted, Reason, Recipe, Role, Window
from addressee.models.mails import mails_until
from addressee.models.occasions import Occasions, cuts, exam_of, occasions
from addressee.models.propensity import SEND_WIDTHS_DAYS
from addressee.models.scored_rows import answer_rows
from addressee.models.send_time import METRICS, MailExam, best_hours, hours_told, replayed, segments_of
from addressee.models.tables import CLICKS_24H, Flags, Floats, Indices, Ints, Tables
from addressee.models.timers import ANY_DAY
from addressee.profiles.features import CATEGORICAL

BY_PROFILES, BY_TREES = "hour_profiles", "hour_trees"
MOST_HOURS = 3
LEAST_GAIN = 0.02
"""By which share the best hour must be foretold to beat the average one, or the default stands."""
LEAST_MAILS = 20
"""An hour of the day that fewer mails came at is not recommended: nobody saw what happens there."""
LEAST_PARTS, LEAST_HOURS = 200, 3
SEGMENT_FEATURES = ("evening_share", "recency_days")
TERCILES = (1 / 3, 2 / 3)
_WEIGHTS = ("rate", "rates_spread", "hours_spread")


class SendHour:
    """Everybody's hours, shrunk to a segment's, shrunk to a person's own; or boosted trees over hour and features."""

    name = "send_hour"
    role: Role = "timer"
    families = (BY_PROFILES, BY_TREES)
    uses_features = True
    title = "the local hours at which a mail to a person is clicked most, by a person, within 24 hours"
    floor_title = "one hour of the day for everybody: the one that was clicked best on the training days"
    metrics = METRICS
    limits: Sequence[str] = (
        "The replay weighs mails by how common their hour is among all: why people were mailed then is not known.",
        "It needs mails at different hours: who mails everybody at one hour learns nothing of the others.",
        "No hour means no measurable gain: the default stands.",
        "A click within 24 hours is no purchase.",
    )

    def recipes(self) -> Sequence[Recipe]:
        """Return profiles by hour of the day, then with weekdays, then boosted trees."""
        return [
            {"model": "profiles", "weekdays": 0},
            {"model": "profiles", "weekdays": 1},
            {"model": "trees", "rate": 0.05, "leaves": 15, "least": 50, "rounds": 120},
        ]

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows of up to four weeks of mails, or None where a part lacks mails, clicks or hours."""
        hour = tables.sends.hour_of_week % HOURS
        rows = occasions(tables, CLICKS_24H)
        return cuts(rows, SEND_WIDTHS_DAYS, lambda chosen: _teaches(rows, hour, chosen))

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask everybody who was mailed in the window, once; each mail tells of its hour.

        Purchases and mails are those known at its beginning, features those of the moment before the first mail.
        """
        rows = occasions(tables, CLICKS_24H)
        chosen = rows.inside(window)
        asked = exam_of(tables, rows, chosen)
        people, first, place = np.unique(asked.person, return_index=True, return_inverse=True)
        index = np.full(len(tables.subjects) + 1, -1, np.int32)
        index[people] = np.arange(len(people), dtype=np.int32)
        mails = mails_until(tables.sends, window.first)
        model = _model_of_rates(tables, window.first)
        audience = replace(
            asked.audience,
            size=len(people),
            day=window.first,
            features=asked.audience.features[first],
            mails=mails.of_places(index),
        )
        expected = model.rate * own_rates(model, audience.mails, len(people))
        where = place.reshape(-1).astype(np.int32)
        hours = tables.sends.hour_of_week[chosen]
        return MailExam(audience, asked.truth, asked.person, (), asked.groups, hours, where, expected[where])

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit on mails whose 24 hours were over at the end of `until`."""
        rows = occasions(tables, CLICKS_24H)
        told = np.round(hours_told(mails_until(tables.sends, until), least=LEAST_MAILS), 9)
        column, edges = _segments(tables, rows.usable(until))
        sections: dict[str, array[Any]] = {"told": packed("d", told), "edges": packed("d", edges)}
        settings: dict[str, Any] = {"model": recipe["model"], "column": column}
        if recipe["model"] == "trees":
            grown = _grown(tables, rows, rows.usable(until), recipe, int(rng.integers(2**31)))
            sections, settings = {**sections, **grown.sections}, {**settings, **grown.settings}
            return _with_everybody(Fitted(recipe, settings, sections, BY_TREES), ())
        model = _profiles(tables, until, (column, edges), weekdays=bool(recipe["weekdays"]))
        sections |= {name: packed("d", getattr(model, name).reshape(-1)) for name in ("hours", "week", "segments")}
        settings |= {name: getattr(model, name) for name in _WEIGHTS} | {"weekdays": int(recipe["weekdays"])}
        fitted = Fitted(recipe, settings, sections, BY_PROFILES)
        return _with_everybody(fitted, _named(fitted, _spread_out(fitted, model.hours[None, :]))[0])

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # an hour has no k
        """Return at most `MOST_HOURS` hours for each person, best first; none where the default is as good."""
        return Answers(hours=_named(fitted, _scores(fitted, audience)))

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return the replay of the hours. Raises `TypeError` for an exam of another kind."""
        if not isinstance(exam, MailExam):
            raise TypeError("the exam of a timer is about mails")
        return replayed(exam, answers.hours)

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return the replay of everybody's best hour of the day on the training days; of the default without one."""
        model = _profiles(tables, until, (-1, np.empty(0)), weekdays=False)
        told = hours_told(mails_until(tables.sends, until), least=LEAST_MAILS).reshape(-1, HOURS).sum(axis=0)
        best = (ANY_DAY + int(np.argmax(np.where(told > 0, model.hours, -np.inf))),) if told.any() else ()
        return self.marks(exam, Answers(hours=[best] * exam.audience.size))

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return by which factor everybody's, the segment's and the person's own mails raise the best hour."""
        if fitted.family == BY_TREES or not audience.size:
            return [[] for _ in range(audience.size)]
        model, segment = _model(fitted), _segment(fitted, audience.features)
        own = own_profiles(model, audience.mails, segment, audience.size)
        told = []
        for row, hours in enumerate(self.predict(fitted, audience, k=1).hours):
            hour = hours[0] % HOURS if hours else -1
            levels = (("everybody", model.hours), ("segment", model.segments[segment[row]]), ("own mails", own[row]))
            found = [Reason(name, float(profile[hour]) - 1.0) for name, profile in levels if hour >= 0]
            kept = [each for each in found if each.contribution]
            told.append(sorted(kept, key=lambda each: -abs(each.contribution))[:REASONS])
        return told

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return how many mails came at each hour, everybody's profile, and how far people's own stray from it."""
        told = numbers(fitted.sections, "told").reshape(-1, HOURS).sum(axis=0)
        everybody = [_clock(hour) for hour in fitted.sections["everybody"]]
        said: dict[str, Any] = {
            "mails at each hour (share)": {_clock(ANY_DAY + hour): round(float(told[hour]), 4) for hour in _seen(told)},
            "hours for who was never mailed": {"best first": ", ".join(everybody) or "the default"},
            "mails": {"with a known outcome": len(mails_until(tables.sends, tables.metadata.as_of_day).subject)},
        }
        if fitted.family == BY_TREES:
            return said
        hours = numbers(fitted.sections, "hours")
        profile = {_clock(ANY_DAY + hour): round(float(hours[hour]), 3) for hour in _seen(told)}
        spreads = {name: round(float(fitted.settings[name]), 4) for name in _WEIGHTS}
        return {"everybody's clicks by hour (1: average)": profile, "rate and spreads": spreads, **said}


def _seen(told: Floats) -> list[int]:
    return np.flatnonzero(told > 0).tolist()


def _clock(hour: int) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return f"{hour % HOURS:02d}:00" if hour >= ANY_DAY else f"{days[hour // HOURS]} {hour % HOURS:02d}:00"


def _teaches(rows: Occasions, hour: Indices, chosen: Flags) -> bool:
    known = chosen & rows.known
    labels = rows.labels[known]
    enough = len(labels) >= LEAST_PARTS and bool(labels.any()) and not labels.all()
    return enough and len(np.unique(hour[known])) >= LEAST_HOURS


def _segments(tables: Tables, usable: Flags) -> tuple[int, Floats]:
    """Choose the first feature of `SEGMENT_FEATURES` that there is, and cut it into terciles."""
    names = tables.metadata.feature_names
    column = next((names.index(name) for name in SEGMENT_FEATURES if name in names), -1)
    values = tables.sends.features[usable, column] if column >= 0 else np.empty(0)
    values = values[np.isfinite(values)]
    return column, np.unique(np.quantile(values, TERCILES)) if len(values) else np.empty(0)


def _profiles(tables: Tables, until: int, cut: tuple[int, Floats], *, weekdays: bool) -> HourModel:
    """Fit the profiles; a mail's segment is by the features as of its sending, in the order of `mails_until`."""
    column, edges = cut
    usable = np.flatnonzero(occasions(tables, CLICKS_24H).usable(until))
    order = usable[np.argsort(tables.sends.subject[usable], kind="stable")]
    segment = segments_of(tables.sends.features[order], edges, column)
    return fit_hours(mails_until(tables.sends, until), segment, segments=len(edges) + 1, weekdays=weekdays)


def _model_of_rates(tables: Tables, until: int) -> HourModel:
    return _profiles(tables, until, (-1, np.empty(0)), weekdays=False)


def _model(fitted: Fitted) -> HourModel:
    hours, week, segments = (numbers(fitted.sections, name) for name in ("hours", "week", "segments"))
    rate, rates_spread, hours_spread = (float(fitted.settings[name]) for name in _WEIGHTS)
    return HourModel(rate, hours, week, segments.reshape(-1, HOURS), rates_spread, hours_spread)


def _segment(fitted: Fitted, features: Floats) -> Ints:
    return segments_of(features, numbers(fitted.sections, "edges"), int(fitted.settings["column"]))


def _scores(fitted: Fitted, audience: Audience) -> Floats:
    """Return how good each hour is for each person, [n, 24], or [n, 168] where weekdays count."""
    if fitted.family == BY_TREES:
        return _by_trees(fitted, audience.features)
    model, segment = _model(fitted), _segment(fitted, audience.features)
    own = own_profiles(model, audience.mails, segment, audience.size)
    return _spread_out(fitted, model.hours * model.segments[segment] * own)


def _spread_out(fitted: Fitted, by_hour: Floats) -> Floats:
    """Give each weekday its own factor, where weekdays count."""
    if not fitted.settings["weekdays"]:
        return by_hour
    return np.asarray(np.tile(by_hour, WEEK // HOURS) * numbers(fitted.sections, "week"))


def _named(fitted: Fitted, scores: Floats) -> list[tuple[int, ...]]:
    told = numbers(fitted.sections, "told")
    seen = told.reshape(-1, HOURS).sum(axis=0) if scores.shape[1] == HOURS else told
    return best_hours(scores, seen, most=MOST_HOURS, least_gain=LEAST_GAIN)


def _with_everybody(fitted: Fitted, hours: Sequence[int]) -> Fitted:
    return replace(fitted, sections={**fitted.sections, "everybody": array("B", hours)})


def _grown(tables: Tables, rows: Occasions, usable: Flags, recipe: Recipe, seed: int) -> Fitted:
    """Boost trees over the features as of the sending and the hour: its place on the clock, and as a number."""
    matrix = np.column_stack([rows.features[usable], _clock_columns(tables.sends.hour_of_week[usable] % HOURS)])
    codes = columns_of(CATEGORICAL, tables.metadata.feature_names)
    lesson = Lesson(matrix, rows.labels[usable], np.ones(int(usable.sum())), codes)
    return learn({**recipe, "model": "trees"}, lesson, seed=seed)


def _clock_columns(hour: Ints | Indices) -> Floats:
    place = hour.astype(np.float64)
    angle = 2.0 * np.pi * place / HOURS
    return np.asarray(np.round(np.column_stack([place, np.sin(angle), np.cos(angle)]), 9), np.float64)


def _by_trees(fitted: Fitted, features: Floats) -> Floats:
    """Ask the trees about each person at each of the 24 hours."""
    grown = replace(fitted, family="trees")
    columns = (np.tile(row, (len(features), 1)) for row in _clock_columns(np.arange(HOURS)))
    asked = [answer_rows(grown, np.column_stack([features, clock])) for clock in columns]
    return np.array(asked, np.float64).T if len(features) else np.empty((0, HOURS), np.float64)


KIND = SendHour()
