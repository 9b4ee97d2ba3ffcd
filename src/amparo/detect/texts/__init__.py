"""What people write comes in; the one form goes out in which all ways to write the same are equal.

Links, e-mail addresses, account names, and words: each has its rules in a file of its own.
"""
