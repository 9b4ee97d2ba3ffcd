"""Where nobody can see a bar, a scan of an archive says each minute how far it is."""

from amparo.interfaces.cli.progress import ArchiveLines


def test_a_line_a_minute_tells_objects_rate_and_problems() -> None:
    seconds, said = 100.0, []
    shown = ArchiveLines(lambda: seconds, said.append)
    for passed, objects, problems in ((20, 6000, 1), (30, 6000, 0), (10, 300, 2), (50, 500, 0)):
        seconds += passed
        shown.done(objects, problems)
    assert said == ["12,300 objects, 205/s, 3 problems"]
    seconds += 10
    shown.done(400, 0)
    assert said[1:] == ["13,200 objects, 110/s, 3 problems"]
