"""Which segments of a playlist a cut touches: the player shows all the others."""

from agent.supabase.recording_files import touched

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + "".join(
    f"#EXTINF:4.000,\nsegment_0000{n}.ts\n" for n in range(4)
)


def test_a_cut_takes_each_segment_of_which_it_has_a_part() -> None:
    assert touched(PLAYLIST, 1000.0, (1005.0, 1008.5)) == {"segment_00001.ts", "segment_00002.ts"}
    assert touched(PLAYLIST, 1000.0, (1004.0, 1008.0)) == {"segment_00001.ts"}, "edges are no part"
    assert touched(PLAYLIST, 1000.0, (990.0, 1000.0)) == frozenset()


def test_the_times_of_the_playlist_count_where_it_has_them() -> None:
    dated = PLAYLIST.replace(
        "#EXTINF:4.000,\nsegment_00002",
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T01:00:00.000Z\n#EXTINF:4,\nsegment_00002",
    )
    assert touched(dated, 1000.0, (3600.0, 3605.0)) == {"segment_00002.ts", "segment_00003.ts"}
    assert touched(dated.replace("1970-01-01T01", "soon"), 1000.0, (1009.0, 1010.0)) == {"segment_00002.ts"}
