"""Too many tracks of one source, by one person. No field of the policy: more than a role can use is never heard."""

from moderation.rules.rule import AudioRule
from moderation.words import Words


def words(count: int, most: int) -> Words:
    """`count`: tracks of one source at once; `most`: so many may be."""
    return Words(
        f"Your app publishes {count} tracks of one kind at once; {most} are the most. They were ended.",
        f"Uygulamanız aynı türden {count} yayını birden açtı; en çok {most} olabilir. Hepsi durduruldu.",
    )


RULE = AudioRule(name="too_many_tracks", shown=Words("too many tracks", "çok fazla yayın"))
