# SPDX-License-Identifier: Apache-2.0
"""Paired differences and what may be said of them.

Runs that differ in one practice share seeds: order of pictures, first weights and draws are the same. The difference
of each pair is taken; its mean, against its standard error, decides by Student's t at 95 % on both sides.
"""
import math

# Student's t, 97.5 %, by degrees of freedom 1..30.
T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
     2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    if len(values) < 2:
        return math.nan
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


class Difference:
    """Of paired values: with - without."""

    def __init__(self, pairs):
        self.values = [a - b for a, b in pairs]
        self.count = len(self.values)
        self.mean = mean(self.values)
        self.deviation = deviation(self.values)

    @property
    def error(self):
        return self.deviation / math.sqrt(self.count)

    @property
    def sign(self):
        """1 or -1 where the mean is beyond t standard errors, else 0."""
        if self.count < 2:
            return 0
        bound = T[min(self.count - 1, len(T)) - 1] * self.error
        return 0 if abs(self.mean) <= bound else math.copysign(1, self.mean)

    @property
    def verdict(self):
        return {1: "better", -1: "worse", 0: "no difference beyond chance"}[self.sign]

    @property
    def verdict_of_less(self):
        """Of losses, where less is better."""
        return {-1: "better", 1: "worse", 0: "no difference beyond chance"}[self.sign]

    def points(self):
        """Of accuracies: +1.23 ± 0.45 points."""
        return "%+.2f ± %.2f" % (100 * self.mean, 100 * self.deviation)


def together(differences):
    """One difference of several sets: the mean over the sets, seed by seed."""
    rows = list(zip(*[d.values for d in differences]))
    return Difference([(mean(row), 0) for row in rows])


def sentence(what, named):
    """The verdict in words: "The rate" (first letter in capitals) helps, hurts or has no effect. `named`: list of (set, Difference in accuracy)."""
    all_sets = together([d for _, d in named])
    beginning = {1: "**%s helps**" % what, -1: "**%s hurts**" % what,
                 0: "**No effect of %s was found**" % (what[0].lower() + what[1:])}[all_sets.sign]
    where = "over all sets" if len(named) > 1 else "on " + named[0][0]
    text = "%s %s: %s points (mean and deviation of %d paired differences, standard error %.2f)." % (
        beginning, where, all_sets.points(), all_sets.count, 100 * all_sets.error)
    alone = ["%s on %s" % ("better" if d.sign > 0 else "worse", name) for name, d in named if d.sign]
    rest = [name for name, d in named if not d.sign]
    if len(named) > 1:
        text += " By set: %s." % "; ".join(alone + (["within chance on " + ", ".join(rest)] if rest else []))
    return text


def percent(values):
    """Of accuracies: 95.12 ± 0.40."""
    return "%.2f ± %.2f" % (100 * mean(values), 100 * deviation(values))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"
