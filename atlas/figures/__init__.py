"""Print figures: one sheet of the plan on one page of paper, as data that can be checked before it is printed."""
