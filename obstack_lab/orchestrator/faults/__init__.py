"""The fault plane: drivers that set a real fault in, take it back, and say whether it is there.

Nothing here is shown to a learner before the run has ended (design.md rule 2).
"""
