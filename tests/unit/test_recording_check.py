"""What the doctor says of the settings for recordings, before it asks anybody."""

from dataclasses import replace

import jwt
import pytest

from agent.process.recording_check import setting_faults
from agent.supabase.recording_place import PlaceSettings

ANON, WORD, SECRET_KEY = "anon", "long enough", "sb_secret_x"
HOSTED = PlaceSettings(
    endpoint="https://abc.supabase.co/storage/v1/s3",
    region="eu-central-1",
    bucket="recordings",
    access_key="abc",
    secret=ANON,
    email="recorder@example.com",
    password=WORD,
)
ELSEWHERE = replace(HOSTED, endpoint="https://s3.example.com", bucket="shows", email="", password="")
SERVICE = jwt.encode({"role": "service_role"}, "k" * 32)


@pytest.mark.parametrize("place", [HOSTED, ELSEWHERE], ids=["supabase", "another store"])
def test_a_whole_place_is_well(place: PlaceSettings) -> None:
    assert list(setting_faults(place)) == []


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (replace(HOSTED, access_key=""), ["RECORDING_S3_ACCESS_KEY is missing"]),
        (replace(HOSTED, secret=""), ["RECORDING_S3_SECRET is missing"]),
        (replace(HOSTED, password=""), ["RECORDING_S3_PASSWORD is missing"]),
        (replace(HOSTED, email=""), ["RECORDING_S3_EMAIL is missing: an account has both"]),
        (replace(HOSTED, email="", password=""), ["Supabase's own S3 keys pass over"]),
        (replace(HOSTED, secret=SECRET_KEY), ["use the anon key"]),
        (replace(HOSTED, secret=SERVICE), ["use the anon key"]),
        (replace(HOSTED, bucket="shows"), ["RECORDING_S3_BUCKET must be recordings"]),
        (replace(HOSTED, path_style=False), ["RECORDING_S3_PATH_STYLE is false"]),
        (replace(ELSEWHERE, email="a@b.c", password=WORD), ["is an account of Supabase's Storage"]),
        (replace(ELSEWHERE, access_key="", secret=""), ["ACCESS_KEY is missing", "SECRET is missing"]),
    ],
)
def test_each_fault_is_told_by_what_is_wrong(place: PlaceSettings, named: list[str]) -> None:
    said = list(setting_faults(place))
    assert len(said) == len(named)
    for words, fault in zip(named, said, strict=True):
        assert words in fault
        assert SERVICE not in fault
