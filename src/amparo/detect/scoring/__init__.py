"""What no list knows: a picture goes in, scores come out; they order work and decide nothing.

A score is a number from 0 to 1 that a scorer gives under a name of its own: a model on this
machine, or a service elsewhere. What a scorer that fails would have said is absent and named;
it never costs the upload its decision. Nothing of this runs for a picture that a list knows.
"""
