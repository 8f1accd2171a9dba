# SPDX-License-Identifier: Apache-2.0
"""The rows of bench/run, in the order of the page: a new one is a file here and a word in MODULES."""
MODULES = ("train", "train_fastai", "infer", "latency", "memory", "fine_tuning", "language_model", "adult", "movielens",
           "pictures", "start", "separated_values", "images_by_batch", "tokens_by_length", "table_by_rows",
           "roofline")
