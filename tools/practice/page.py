# SPDX-License-Identifier: Apache-2.0
"""docs/practices.md: a head, and a section for each practice between marks that a later call finds again."""
import os
import re

from .verdict import table
from . import sets

MARK = "<!-- practice: %s -->"
ABOUT_SETS = (
    ("ants_bees", "photos, 2 classes"),
    ("spiders_scorpions", "photos, 2 classes; nearly solved by the pretrained features alone"),
    ("flowers17", "photos, 17 classes; the first 20 of a class to train, without the 30 that are among the validation "
                  "pictures too"),
    ("flowers17_whole", "all of it; 30 validation pictures look like a training picture"),
    ("cifar10", "32 x 32, 10 classes; the first 200 of a class to train"),
    ("cifar10_whole", "all of the sample"),
)
HEAD = """# What the practices are worth

Made by `make practices` from runs of `build/burnish` on real pictures; no sentence here is written by hand but the
descriptions. Runs that are compared share seeds (order of pictures, first weights, draws) and epochs, and differ in
one thing. Of each pair the difference is taken; tables give mean and standard deviation over the seeds. A verdict is
"better" or "worse" where the mean difference lies beyond Student's t (95 %%, both sides) times its standard error,
else "no difference beyond chance"; over all sets it is that of the means over the sets. Of twenty such verdicts on
things that do nothing, one is wrong. The deviation is that of seeds, not of the choice of validation pictures: that
a set of 153 has another share of errors than the next 153 is not in it.

So that all of it can be measured in an evening, fine-tuning is measured at 96 pixels with six epochs, on 20 pictures of
a class of flowers, and training from scratch on 200 of a class: what a practice is worth at 224 pixels, on thousands of
pictures or in hundreds of epochs is another question.

All accuracies are those of the last epoch on the validation pictures; nothing was chosen on them except where a
section says so. Runs have one thread, those of the default recipe two, on a Zen 4 server.

%s"""


def sections_of(path):
    """The sections of a page by practice, their marks included."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"(?m)^(?=<!-- practice: )", file.read())
    return {re.match(r"<!-- practice: (\S+) -->", part).group(1): part for part in parts[1:]}


def section(module, bench):
    """None where not one seed is measured."""
    try:
        body = module.section(bench)
    except LookupError:
        return None
    return "%s\n## %s\n\n%s\n\n%s\n" % (MARK % module.NAME, module.TITLE, module.ABOUT.strip(), body.strip()) if body else None


def write(path, texts):
    rows = [["`%s`" % name, sets.SIZES[name], about] for name, about in ABOUT_SETS]
    head = HEAD % table(["set", "training + validation pictures", "what it is"], rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + "\n" + "\n".join(text.strip() + "\n" for _, text in texts))
