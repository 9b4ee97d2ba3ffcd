"""Without the extra for videos, Amparo says what it does not compare, and how to mend that."""

from amparo.app.check_host import video_findings


def test_doctor_says_how_to_compare_videos() -> None:
    (finding,) = video_findings(is_installed=False)
    assert "pip install 'amparo[video]'" in finding
    assert list(video_findings(is_installed=True)) == []
