"""The peer of suite `features`: the same features with pandas, from the same Parquet files.

python benchmarks/features_pandas.py <folder> <as_of_ms> <answer.npz>: prints JSON with the seconds of reading and
computing and the peak memory. Arrow reads and numbers text: as pandas' own objects it would take several times longer.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DAY_MS, HOUR_MS, HALF_HOUR_MS = 86_400_000, 3_600_000, 1_800_000
NEVER = 3650.0
FORGOTTEN = 0.001
TIED = 1 - 1e-6
EVENING, WEEKEND = (18, 23), 120
KEPT_DAYS, CONTEXT_DAYS = 184, 256
DEVICES = ("", "android", "desktop", "ios", "mobile", "tablet", "tv", "watch", "web")
HALF_LIVES = (7, 30, 90)
COUNTED = {"orders": "Order Completed", "views": "Product Viewed", "carts": "Product Added", "opens": "Email Opened"}
COUNTED["clicks"] = "Email Link Clicked"
INACTIVE = ("Order Refunded", "Order Cancelled", "Unsubscribed", "Email Delivered", "Email Sent")


READ = [
    *("subject", "message_id", "kind", "name", "label", "event_time_ms", "received_at_ms", "amount_minor_units"),
    *("send_id", "lines", "anonymous_subject", "device", "locale"),
]
BUCKETS = 24


def main() -> None:
    """Read the files, compute, write the features by name and say what it took."""
    folder, as_of_ms, path = sys.argv[1:]
    begun, cpu = perf_counter(), process_time()
    events, lines, owner, names, subjects = read(Path(folder))
    read_cpu = process_time() - cpu
    answer = features(events, lines, owner, names, int(as_of_ms))
    took = {"seconds": perf_counter() - begun, "cpu": process_time() - cpu, "read_cpu": read_cpu}
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    person = subjects[answer.index.to_numpy()].astype("S32")
    np.savez(path, person=person, **{name: answer[name].to_numpy(float) for name in answer})
    sys.stdout.write(json.dumps({**took, "MB": int(peak) * 1024 / 1e6, "pandas": pd.__version__}) + "\n")


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, list[str], np.ndarray]:
    """Return events, their lines, the owner of each subject's number, and the names and subjects by number."""
    files = sorted(folder.glob("*.parquet"))
    parts = [
        pq.read_table(file, columns=READ, read_dictionary=["subject", "kind", "name", "device", "locale"])
        for file in files
    ]
    table = pa.concat_tables(parts)
    merges = table.filter(pc.equal(table["kind"].cast(pa.string()), "merge"))
    table = table.filter(pc.not_equal(table["kind"].cast(pa.string()), "merge"))
    subject, subjects = _numbered(table["subject"])
    name, names = _numbered(table["name"])
    events = pd.DataFrame(
        {"subject": subject, "name": name, "message": pd.factorize(table["message_id"].to_pandas())[0]}
    )
    events["send"], events["machine"] = _numbered(table["send_id"])[0], pc.equal(table["label"], "machine").to_numpy()
    for column in ("event_time_ms", "received_at_ms", "amount_minor_units"):
        events[column] = table[column].to_numpy()
    events["context"] = _contexts(table)
    events["event"] = np.arange(len(events))
    place, owner = pd.Series(np.arange(len(subjects)), index=subjects), np.arange(len(subjects))
    links = pd.Series(merges["subject"].to_numpy(), index=merges["anonymous_subject"].to_numpy())
    links = links[links.index.isin(place.index)]
    owner[place[links.index].to_numpy()] = place[links.to_numpy()].to_numpy()
    return events, _lines(table["lines"].combine_chunks()), owner, list(names), subjects


def _numbered(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    return whole.indices.to_numpy(), whole.dictionary.to_numpy(zero_copy_only=False)


def _contexts(table: pa.Table) -> np.ndarray:
    device, devices = _numbered(table["device"])
    locale, locales = _numbered(table["locale"])
    classes = [DEVICES.index(each) if each in DEVICES else len(DEVICES) for each in devices]
    parts = [each.replace("_", "-").split("-") for each in locales]
    places = [_pair(each[0]) * 1024 + next((code for code in map(_pair, each[1:]) if code), 0) for each in parts]
    return np.asarray(np.array(classes)[device] * 2**20 + np.array(places)[locale])


def _pair(text: str) -> int:
    """Return a number for two letters, from 1 on."""
    text = text.upper()
    return 1 + 26 * (ord(text[0]) - 65) + ord(text[1]) - 65 if len(text) == 2 and text.isalpha() else 0  # noqa: PLR2004


def _lines(lists: pa.ListArray) -> pd.DataFrame:
    flat = pc.list_flatten(lists)
    item, _ = _numbered(pa.chunked_array([flat.field("item_id")]))
    category, categories = _numbered(pa.chunked_array([flat.field("category")]))
    buckets = [int.from_bytes(sha256(each.encode()).digest()[:4], "big") % BUCKETS for each in categories]
    amount, quantity = flat.field("amount_minor_units").to_numpy(), flat.field("quantity").to_numpy()
    made = {"event": pc.list_parent_indices(lists).to_numpy(), "item": item, "bucket": np.array(buckets)[category]}
    return pd.DataFrame({**made, "quantity": quantity, "amount": amount})


def features(
    events: pd.DataFrame, lines: pd.DataFrame, owner: np.ndarray, names: list[str], as_of_ms: int
) -> pd.DataFrame:
    """Compute the declared features of everybody at one cut-off; `owner[subject]` is who a subject belongs to."""
    code = {name: place for place, name in enumerate(names)}
    events = events[events["received_at_ms"] <= as_of_ms].copy()
    events["person"] = owner[events["subject"].to_numpy()]
    events = events.sort_values(["received_at_ms", "event_time_ms"], kind="stable").drop_duplicates(
        ["person", "message"]
    )
    people = pd.Index(np.unique(events["person"]), name="person")
    events = events[~events["machine"]]
    active = events[~events["name"].isin([code[name] for name in INACTIVE if name in code])]
    age = as_of_ms - active["event_time_ms"]
    active = active.assign(**{f"w{days}": 0.5 ** (age / (days * DAY_MS)) for days in HALF_LIVES})
    made: dict[str, pd.Series] = {}
    seen = active.groupby("person")["event_time_ms"].agg(["min", "max"])
    made["tenure_days"], made["seen_recency_days"] = _days(seen["min"], as_of_ms), _days(seen["max"], as_of_ms)
    told = active[active["context"] > 0]
    stamp = (told["event_time_ms"] // DAY_MS * 2**24 + told["context"]).groupby(told["person"]).max()
    kept = stamp.where(stamp // 2**24 > seen["max"].reindex(stamp.index) // DAY_MS - CONTEXT_DAYS, 0)
    made["device_code"] = kept // 2**20 % 16
    made["language_code"], made["country_code"] = kept // 1024 % 1024, kept % 1024
    for counter, name in COUNTED.items():
        rows = active[active["name"] == code[name]].groupby("person")
        for days, sums in rows[[f"w{days}" for days in HALF_LIVES]].sum().items():
            made[f"{counter}_{days[1:]}d"] = sums
        made[counter], made[f"last_{counter}"] = rows.size(), rows["event_time_ms"].max()
        made[f"first_{counter}"] = rows["event_time_ms"].min()
    made |= _orders(active[active["name"] == code["Order Completed"]], lines)
    made["refunded"] = events[events["name"] == code["Order Refunded"]].groupby("person")["amount_minor_units"].sum()
    made |= _rhythm(active, as_of_ms)
    made["cart_items"] = _carts(events, lines, made["last_orders"], code)
    sends = events[events["name"] == code["Email Delivered"]]
    sends = sends[sends["event_time_ms"] // 1000 > as_of_ms // 1000 - 30 * 86_400]
    made["emails_30d"] = sends.groupby("person")["send"].nunique().clip(upper=32)
    return _columns(pd.DataFrame(made, index=people), as_of_ms)


def _days(at_ms: pd.Series, as_of_ms: int) -> pd.Series:
    return ((as_of_ms - at_ms).clip(lower=0) / DAY_MS).clip(upper=NEVER)


def _orders(orders: pd.DataFrame, lines: pd.DataFrame) -> dict[str, pd.Series]:
    made: dict[str, pd.Series] = {}
    bought = lines.merge(orders[["event", "person", "w90"]], on="event")
    quantities = bought.groupby("event")["quantity"].sum()
    orders = orders.assign(items=orders["event"].map(quantities).fillna(0))
    for counter, column in (("revenue", "amount_minor_units"), ("items", "items")):
        for days in HALF_LIVES:
            weighted = orders[column] * orders[f"w{days}"]
            made[f"{counter}_{days}d"] = weighted.groupby(orders["person"]).sum()
    by_person = orders.groupby("person")
    made["monetary_total"] = by_person["amount_minor_units"].sum()
    made["basket_largest"], made["items"] = by_person["amount_minor_units"].max(), by_person["items"].sum()
    made["distinct_items"] = bought.groupby("person")["item"].nunique().clip(upper=256)
    spent = (bought["amount"] * bought["w90"]).groupby([bought["person"], bought["bucket"]]).sum()
    by_person = spent.groupby("person")
    total = by_person.sum()
    made["category_top_share"] = (by_person.max() / total).where(total >= FORGOTTEN, 0)
    made["category_concentration"] = ((spent**2).groupby("person").sum() / total**2).where(total >= FORGOTTEN, 0)
    tops = spent[spent >= TIED * by_person.max().reindex(spent.index, level="person")].reset_index("bucket")
    made["category_code"] = (tops.groupby("person")["bucket"].min() + 1).where(total >= FORGOTTEN, 0)
    return made


def _rhythm(active: pd.DataFrame, as_of_ms: int) -> dict[str, pd.Series]:
    made: dict[str, pd.Series] = {}
    hour = ((active["event_time_ms"] // HOUR_MS + 72) % 168).rename("hour")
    hours = active.groupby(["person", hour]).size().clip(upper=255)
    total = hours.groupby("person").sum()
    of_week = hours.index.get_level_values("hour")
    evening, weekend = (of_week % 24 >= EVENING[0]) & (of_week % 24 < EVENING[1]), of_week >= WEEKEND
    made["hour_concentration"] = hours.groupby("person").max() / total
    made["evening_share"] = hours[evening].groupby("person").sum() / total
    made["weekend_share"] = hours[weekend].groupby("person").sum() / total
    today = as_of_ms // DAY_MS
    days = pd.DataFrame({"person": active["person"], "age": today - active["event_time_ms"] // DAY_MS})
    days = days[days["age"] <= KEPT_DAYS].drop_duplicates().sort_values(["person", "age"])
    for width in (7, 30, 90):
        made[f"active_days_{width}d"] = days[days["age"] < width].groupby("person").size()
    newest = days.groupby("person")["age"].transform("first")
    running = (newest <= 1) & (days["age"] - newest == days.groupby("person").cumcount())
    made["streak_days"] = days[running].groupby("person").size().clip(upper=KEPT_DAYS)
    slot = active["event_time_ms"] // HALF_HOUR_MS
    slots = pd.DataFrame({"person": active["person"], "slot": slot})[slot > as_of_ms // HALF_HOUR_MS - 336]
    slots = slots.drop_duplicates().sort_values(["person", "slot"])
    begins = slots.groupby("person")["slot"].diff() != 1
    made["sessions_7d"] = slots[begins].groupby("person").size()
    made["half_hours_7d"] = slots.groupby("person").size()
    return made


def _carts(events: pd.DataFrame, lines: pd.DataFrame, last_order: pd.Series, code: dict[str, int]) -> pd.Series:
    moved = events[events["name"].isin([code["Product Added"], code["Product Removed"]])]
    moved = moved[moved["event_time_ms"] > moved["person"].map(last_order).fillna(0)]
    moved = lines[["event", "item"]].merge(moved[["event", "person", "name", "event_time_ms"]], on="event")
    moved = moved.sort_values("event_time_ms", ascending=False).drop_duplicates(["person", "item"])
    latest = moved.groupby("person").head(20)
    return latest[latest["name"] == code["Product Added"]].groupby("person").size()


def _columns(made: pd.DataFrame, as_of_ms: int) -> pd.DataFrame:
    recencies = {"recency_days": "orders", "view_recency_days": "views", "cart_recency_days": "carts"}
    recencies |= {"open_recency_days": "opens", "click_recency_days": "clicks"}
    for name, counter in recencies.items():
        made[name] = _days(made[f"last_{counter}"], as_of_ms).fillna(NEVER)
    made["customer_days"] = _days(made["first_orders"], as_of_ms).fillna(NEVER)
    gap = (made["last_orders"] - made["first_orders"]) / (made["orders"] - 1) / DAY_MS
    many = made["orders"] > 1
    made["order_gap_days"] = gap.where(many, NEVER)
    made["overdue"] = (made["recency_days"] / gap.clip(lower=1)).where(many, 0)
    made[["tenure_days", "seen_recency_days"]] = made[["tenure_days", "seen_recency_days"]].fillna(NEVER)
    made = made.fillna(0)
    made["orders_total"] = made["orders"]
    made["basket_mean"] = _per(made["monetary_total"], made["orders"])
    made["items_per_order"] = _per(made["items"], made["orders"])
    made["refund_share"] = _per(made["refunded"], made["monetary_total"])
    made["click_to_open"] = _per(made["clicks"], made["opens"])
    made["click_to_open_90d"] = _per(made["clicks_90d"], made["opens_90d"], FORGOTTEN)
    made["orders_per_view"] = _per(made["orders"], made["views"])
    made["unit_price_mean"] = _per(made["monetary_total"], made["items"])
    made["unit_price_90d"] = _per(made["revenue_90d"], made["items_90d"], FORGOTTEN)
    made["basket_spread"] = _per(made["basket_largest"] * made["orders"], made["monetary_total"])
    for counter in ("orders", "views", "opens", "clicks"):
        made[f"{counter}_trend"] = _per(made[f"{counter}_7d"] / 7, made[f"{counter}_90d"] / 90, FORGOTTEN)
    mix = {"views": 1, "opens": 1, "clicks": 3, "carts": 4, "orders": 8}
    made["engagement_score"] = np.log(1 + sum(weight * made[f"{name}_30d"] for name, weight in mix.items()))
    made["session_hours_mean"] = _per(made["half_hours_7d"] / 2, made["sessions_7d"])
    day = as_of_ms // DAY_MS
    for name, angle in (("weekday", (day + 3) % 7 / 7), ("season", day % 365.2425 / 365.2425)):
        made[f"{name}_sine"], made[f"{name}_cosine"] = np.sin(2 * np.pi * angle), np.cos(2 * np.pi * angle)
    return made


def _per(over: pd.Series, under: pd.Series, least: float = 1e-300) -> pd.Series:
    return (over / under).where(under >= least, 0)


if __name__ == "__main__":
    main()
