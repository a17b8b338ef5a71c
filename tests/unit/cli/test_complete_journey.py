"""The demo data's conversion, on a few made-up baskets in the data's own form."""

from datetime import date

import duckdb
import pytest

from cli.complete_journey import (
    FILES,
    DataNotFetched,
    Journey,
    shift_days,
    with_simulated_browsing,
)

TODAY = date(2026, 1, 31)
TRANSACTIONS = """(VALUES
  (1, 10, 100, 2, 2.50, TIMESTAMP '2017-11-01 10:00:00'),
  (1, 10, 101, 1, 0.00, TIMESTAMP '2017-11-01 10:00:00'),
  (1, 11, 100, 1, 1.30, TIMESTAMP '2017-11-27 09:00:00'),
  (2, 12, 102, 9999, 20.00, TIMESTAMP '2017-11-28 09:00:00'),
  (2, 13, 100, 1, 1.40, TIMESTAMP '2017-11-29 09:00:00')
) AS t(household_id, basket_id, product_id, quantity, sales_value, transaction_timestamp)"""
PRODUCTS = """(VALUES (100, 'GROCERY', 'Own', 'MILK', 'OAT MILK'), (102, 'FUEL', NULL, NULL, NULL))
  AS t(product_id, department, brand, product_category, product_type)"""
DEMOGRAPHICS = """(VALUES (1, '35-44', '50-74K', 'Homeowner', 'Married', '2', '0'))
  AS t(household_id, age, income, home_ownership, marital_status, household_size, kids_count)"""


@pytest.fixture
def folder(tmp_path):
    """Write the data files."""
    with duckdb.connect() as own:
        for name, values in zip(FILES, (TRANSACTIONS, PRODUCTS, DEMOGRAPHICS), strict=True):
            own.sql(f"COPY (SELECT * FROM {values}) TO '{tmp_path / name}.parquet' (FORMAT PARQUET)")  # noqa: S608  # ours
    return tmp_path


def read(path, columns):
    """Read columns of a Parquet file."""
    with duckdb.connect() as own:
        return own.sql(f"SELECT {columns} FROM '{path}' ORDER BY item_id").fetchall()  # noqa: S608  # ours


@pytest.fixture
def journey(folder):
    """Replay until two orders are reached: two days."""
    return Journey(TODAY, folder, min_replayed=2)


def test_everything_is_shifted_by_whole_weeks_into_the_week_before_the_run(journey):
    """Keep weekdays; the last replayed day lies one to seven days before."""
    assert journey.span.last == date(2017, 11, 28)
    assert journey.span.shift_days % 7 == 0
    assert 1 <= (TODAY - journey.span.last_shifted).days <= 7
    for day in range(2, 9):
        today = date(2026, 1, day)
        assert 1 <= day - 1 - shift_days(date(2026, 1, 1), today) <= 7


def test_orders_before_the_replay_are_written_for_import(journey, tmp_path):
    """Leave out lines without a value and replayed days."""
    assert journey.write_orders(tmp_path / "orders.parquet") == 1
    assert journey.dropped_lines() == 1
    (row,) = read(tmp_path / "orders.parquet", "user_id, order_id, item_id, quantity, amount")
    assert row == ("household-1", "10", "100", 2, 2.5)


def test_replayed_days_are_orders_sorted_by_user_with_fuel_as_one_piece(journey):
    """Stop after the last day; a fill of fuel is one piece."""
    messages = list(journey.replay())
    assert [each["userId"] for each in messages] == ["household-1", "household-2"]
    (fuel,) = messages[1]["properties"]["products"]
    assert fuel == {"product_id": "102", "category": "FUEL", "quantity": 1, "price": 20.0}


def test_browsing_is_simulated_and_says_so(journey):
    """Put a view and a cart ahead of each order."""
    messages = with_simulated_browsing(list(journey.replay()), share=1)
    kinds = [(each["event"], each["messageId"].startswith("simulated")) for each in messages]
    assert kinds[:3] == [("Product Viewed", True), ("Product Added", True), ("Order Completed", False)]


def test_catalogue_and_subscribers_are_written(journey, tmp_path):
    """Take the median price and mark simulated consent."""
    assert journey.write_catalogue(tmp_path / "catalogue.parquet") == 2
    rows = read(tmp_path / "catalogue.parquet", "item_id, title, price, repurchase_days")
    assert rows == [("100", "Oat milk", pytest.approx(1.28, abs=0.011), 3), ("102", "Fuel", 20.0, 14)]
    assert journey.write_subscribers(tmp_path / "subscribers.csv") == 2
    text = (tmp_path / "subscribers.csv").read_text()
    assert "household-1@example.com,35-44" in text
    assert text.splitlines()[0].endswith("first_name,consent_email,consent_email_proof,consent_email_at")
    assert "simulated sign-up form" in text
    assert journey.without_consent().keys() <= {"household-1", "household-2"}


def test_missing_data_are_one_clear_error(tmp_path):
    """Say how they are fetched."""
    with pytest.raises(DataNotFetched, match="make data"):
        Journey(TODAY, tmp_path)
