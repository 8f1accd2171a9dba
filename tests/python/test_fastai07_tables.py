# SPDX-License-Identifier: Apache-2.0
"""0.7's preparation of tables, in the form of the course's Rossmann notebook."""
import unittest

import numpy
from burnish.fastai07 import structured

try:
    import pandas
except ImportError:
    pandas = None


@unittest.skipUnless(pandas, "no pandas")
class Tables(unittest.TestCase):
    def table(self):
        return pandas.DataFrame({
            "Date": ["2014-12-31", "2015-01-01", "2015-02-28", "2016-02-29"],
            "Store": ["b", "a", "c", None],
            "Distance": [1.0, None, 4.0, 7.0],
            "Sales": [10, 20, 30, 40],
        })

    def test_dates_become_their_parts(self):
        df = self.table()
        structured.add_datepart(df, "Date")
        self.assertNotIn("Date", df.columns)
        self.assertEqual(list(df.columns[3:]), ["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end",
                                                "Is_month_start", "Is_quarter_end", "Is_quarter_start", "Is_year_end",
                                                "Is_year_start", "Elapsed"])
        self.assertEqual(df["Week"].tolist(), [1, 1, 9, 9])
        self.assertEqual(df["Is_month_end"].tolist(), [True, False, True, True])
        self.assertEqual(df["Elapsed"][1], 1420070400)

    def test_words_become_codes_and_gaps_medians(self):
        df = self.table().drop(columns="Date")
        structured.train_cats(df)
        done, y, medians = structured.proc_df(df, "Sales")
        self.assertEqual(done["Store"].tolist(), [2, 1, 3, 0])
        self.assertEqual(done["Distance"].tolist(), [1, 4, 4, 7])
        self.assertEqual(done["Distance_na"].tolist(), [False, True, False, False])
        self.assertEqual((y.tolist(), medians), ([10, 20, 30, 40], {"Distance": 4}))
        self.assertTrue(df["Distance"].isnull().any())  # the table given is left as it is

    def test_another_table_follows_the_first(self):
        df = self.table().drop(columns="Date")
        structured.train_cats(df)
        done, y, medians, scales = structured.proc_df(df, "Sales", do_scale=True)
        numpy.testing.assert_allclose(done["Distance"].mean(), 0, atol=1e-12)
        numpy.testing.assert_allclose(done["Distance"].std(ddof=0), 1)
        other = pandas.DataFrame({"Store": ["a", "new"], "Distance": [None, 4.0]})
        structured.apply_cats(other, df)
        done, y, same, scales = structured.proc_df(other, do_scale=True, na_dict=medians, mapper=scales)
        self.assertEqual(done["Store"].tolist(), [1, 0])
        numpy.testing.assert_allclose(done["Distance"], 0, atol=1e-12)
        self.assertEqual((y, same), (None, medians))

    def test_few_categories_become_columns(self):
        df = self.table()[["Store"]]
        structured.train_cats(df)
        done, y, medians = structured.proc_df(df, max_n_cat=3)
        self.assertEqual(list(done.columns), ["Store_a", "Store_b", "Store_c", "Store_nan"])
        self.assertEqual(done.sum(1).tolist(), [1, 1, 1, 1])

    def test_samples_and_halves(self):
        df = self.table()
        self.assertEqual(len(structured.get_sample(df, 2)), 2)
        self.assertEqual([len(part) for part in structured.split_vals(df, 3)], [3, 1])


if __name__ == "__main__":
    unittest.main()
