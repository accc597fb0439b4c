"""Who reads which partition: computed alike by every member from the same list, so nobody has to lead."""

from collections.abc import Collection, Mapping, Sequence


def fair_share(
    member: str, members: Mapping[str, Collection[str]], partitions: Mapping[str, Sequence[int]]
) -> frozenset[int]:
    """Return the partition ids that fall to `member`.

    `members` are those alive with the topics that each reads, `partitions` the ids of each topic by number. Partition n
    of a topic falls to the (n mod m)-th of its m readers by name, so partitions of one number, which hold the same
    tickets, come to one member when all read the same topics.
    """
    share: set[int] = set()
    for topic, ids in partitions.items():
        readers = sorted(name for name, topics in members.items() if topic in topics)
        share.update(id_ for number, id_ in enumerate(ids) if readers and readers[number % len(readers)] == member)
    return frozenset(share)
