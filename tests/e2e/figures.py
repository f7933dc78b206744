# SPDX-License-Identifier: GPL-2.0
"""
Counts whether two sources say the same of one moment, figure by figure. What compares a dump with
something else (dump_truth.py, ../long/vmcore.py) imports it.
"""


class Figures:
    """@other: who speaks besides the dump, for the lines about what differs."""

    def __init__(self, other):
        self.other = other
        self.counts = {}

    def note(self, figure, ours, its, where):
        """Count whether both say the same."""
        counts = self.counts.setdefault(figure, [0, 0])
        same = ours == its
        counts[0 if same else 1] += 1
        if not same:
            print("# %s: %s: the dump says %r, %s %r" % (where, figure, ours, self.other, its))

    def status(self):
        """Print "FIGURE: equal N, wrong N" for each; 1 if anything is wrong, else 0."""
        for figure, (equal, unequal) in self.counts.items():
            print("%s: equal %d, wrong %d" % (figure, equal, unequal))
        return 1 if any(unequal for _, unequal in self.counts.values()) else 0
