"""The interface of Meta's Hasher-Matcher-Actioner: its clients change one base URL, and send a key.

Banks are lists, and what is asked goes the way of `/v1`: the same keys, limits, index and record.
"""
