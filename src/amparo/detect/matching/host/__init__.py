"""The lists of a database come in as they change; this host's look-ups are answered from a copy.

One follower on each host keeps an index and a file of cards, one for each signal; any number of
processes read them, also while the database is away.
"""

from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.host.follow import Follower
from amparo.detect.matching.host.look_up import HostIndex, Listed

__all__ = ["Follower", "HostIndex", "HostList", "Listed"]
