"""Passwords that guessers try first, at the lengths that are allowed here.

Lists of leaked passwords are short words: of Django's 19,640 only 49 have fifteen characters. People reach a required length
by decorating a short word, so what is looked up is the word below the decoration. What no list can name is estimated by
zxcvbn. docs/decisions/ says how the two are calibrated: only what is really guessable is refused.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator

WORDLISTS = Path(__file__).parent / "wordlists"

# Guesses. A log-in is limited to 20 tries a minute and address; 10^6 of them take five weeks for one account.
GUESSABLE = 1_000_000
# The bound for a leaked password of several words with decoration ("mypassword-2026"); a single short word needs none.
GUESSABLE_DECORATED = 100_000_000
ONE_WORD = 10  # letters
# zxcvbn takes seconds for a hostile password of 72 characters, and 20 ms for 32.
LOOKED_AT = 32
MOST_READINGS = 12
# Beside a known word these many characters that follow no pattern add nothing worth having (digits: 10^3).
LOOSE = 3
ALIKE = 0.75

_LEET: dict[int, int | str] = {
    **str.maketrans("@4830$57+(!|169", "aabeosttciiligg"),
    **str.maketrans("âàáäãçéèêëíìîïñóòôöõúùûü", "aaaaaceeeeiiiinooooouuuu"),
}
_ONE_AS_L: dict[int, int | str] = {**_LEET, ord("1"): "l", ord("!"): "i", ord("|"): "l"}
# Letters that sound alike are written one for another: ሐ ኀ ሀ, ሠ ሰ, ዐ አ, ፀ ጸ, each in its seven orders.
_HOMOPHONES = str.maketrans(
    "ሐሑሒሓሔሕሖኀኁኂኃኄኅኆሃሠሡሢሣሤሥሦዐዑዒዓዔዕዖኣፀፁፂፃፄፅፆ",
    "ሀሁሂሀሄህሆሀሁሂሀሄህሆሀሰሱሲሳሴስሶአኡኢአኤእኦአጸጹጺጻጼጽጾ",
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_RUNS = (
    "0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "!@#$%^&*()_+", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)  # fmt: skip


def fold(text: str) -> str:
    """How guessers see it: no case, one spelling per sound."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_HOMOPHONES)


@functools.cache
def local_words() -> frozenset[str]:
    """Words of the country, folded."""
    lines = (WORDLISTS / "ethiopia.txt").read_text(encoding="utf-8").splitlines()
    words = itertools.chain.from_iterable(line.partition("#")[0].split() for line in lines)
    return frozenset(fold(word) for word in words)


@functools.cache
def leaked_words() -> frozenset[str]:
    """Leaked passwords as they are, and the word in each of them."""
    leaked: Collection[str] = CommonPasswordValidator().passwords
    cores = {word.strip("0123456789!@#$%&*._-") for word in leaked}
    return frozenset(
        itertools.chain(leaked, (core for core in cores if len(core) >= 4 and core.isalpha()))
    )


def is_common(password: str) -> bool:
    """Whether it is among what guessers try: `P@ssw0rd1234`, `addisababa2026`, `iloveyouiloveyou`."""
    estimate = guesses(password)
    if estimate < GUESSABLE:
        return True
    words, leaked = local_words(), leaked_words()
    for core in _cores(fold(password)):
        plain = _bare(core)
        if _is_made_of(plain, words, most=2):
            return True
        one_word = core.isalnum() and len(core) <= ONE_WORD
        if plain in leaked and (one_word or estimate < GUESSABLE_DECORATED):
            return True
    return False


def is_personal(password: str, context: Iterable[str]) -> bool:
    """Whether it is nothing but words of the context, decorated: somebody's own name, address or number, the shop's name."""
    words = frozenset(
        part
        for text in context
        for part in (_bare(fold(text)), *re.split(r"[^\w]+|_", fold(text)))
        if len(part) >= 3
    )
    return bool(words) and any(
        _is_made_of(_bare(core), words, most=len(password)) for core in _cores(fold(password))
    )


def resembles(password: str, text: str) -> bool:
    """Whether the two are nearly the same: a letter changed here and there."""
    one, other = fold(password), fold(text)
    if not len(one) / 3 <= len(other) <= len(one) * 3:
        return False
    matcher = SequenceMatcher(a=one, b=other, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def is_monotonous(password: str) -> bool:
    """Whether it is one short thing again and again, or a walk along the keyboard: `abcabcabcabc`, `123456789012`."""
    folded = fold(password)
    return len(_period(folded)) <= 4 or not _without_patterns(_bare(folded) or folded)


def guesses(password: str, context: Iterable[str] = ()) -> float:
    """About how many guesses a well-informed attacker needs, by zxcvbn; counted no further than it matters here.

    The work is bounded, whatever the password: it is looked at in pieces until enough is known. zxcvbn's own function is
    avoided: it keeps its caller's words in a global dictionary, where the next thread finds them.
    """
    from zxcvbn import matching, scoring  # 15 MB, only where a password is set

    near = sorted({fold(word) for word in context if word}) + sorted(local_words())
    dictionaries = {
        **{k: v for k, v in matching.RANKED_DICTIONARIES.items() if k != "user_inputs"},
        "context": matching.build_ranked_dict(near),
    }
    total = 1.0
    whole = _period(password)
    for start in range(0, len(whole), LOOKED_AT):
        piece = _with_one_sign_a_letter(whole[start : start + LOOKED_AT])
        found: dict[str, Any] = scoring.most_guessable_match_sequence(
            piece, matching.omnimatch(piece, dictionaries)
        )
        total *= float(found["guesses"])
        if total >= GUESSABLE_DECORATED:
            break
    return total


def _with_one_sign_a_letter(piece: str) -> str:
    """The piece, with letters for its signs where zxcvbn would try hundreds of readings of them."""
    from zxcvbn import matching

    readings = 1
    for signs in matching.relevant_l33t_subtable(piece, matching.L33T_TABLE).values():
        readings *= len(signs)
    return piece.translate(_LEET) if readings > MOST_READINGS else piece


def _cores(folded: str) -> set[str]:
    """What may be below the decoration, in every spelling; nothing where the decoration itself is worth something."""
    head = re.match(r"[\W\d_]*", folded)
    tail = re.search(r"[\W\d_]*$", folded)
    begin = head.end() if head else 0
    end = tail.start() if tail else len(folded)
    found = set()
    # A sign at the border may stand for a letter: "$un$hine", "barcelon@2026".
    for first, last in itertools.product(
        {0, begin, max(begin - 1, 0)}, {end, min(end + 1, len(folded)), len(folded)}
    ):
        core = folded[first:last]
        if not core or not is_cheap(folded[:first] + folded[last:]):
            continue
        for spelling in (core, core.translate(_LEET), core.translate(_ONE_AS_L)):
            found |= {spelling, spelling[::-1], _period(spelling)}
            words = set(re.findall(r"[^\W\d_]+", spelling))
            if len(words) == 1 and is_cheap("".join(re.findall(r"[\d_]", spelling))):
                found |= words  # "sunshine-sunshine", "summer1summer"
    return found


def is_cheap(decoration: str) -> bool:
    """Whether a guesser tries this before or after a word anyway: years, runs, repeated signs, and little else."""
    return len(_without_patterns(decoration)) <= LOOSE


def _without_patterns(text: str) -> str:
    """What is left after years, runs of three or more, and repeats are taken out."""
    rest = _YEAR.sub("", text)
    rest = re.sub(r"(.)\1+", r"\1", rest)
    out, at = [], 0
    while at < len(rest):
        length = max(_run(rest, at, line) for line in _RUNS)
        if length >= 3:
            at += length
        else:
            out.append(rest[at])
            at += 1
    return "".join(out)


def _run(text: str, at: int, line: str) -> int:
    """How many characters from `at` on follow the line, forwards or backwards."""
    best = 1
    for way in (line, line[::-1]):
        place = way.find(text[at])
        length = 0
        while place >= 0 and at + length < len(text) and place + length < len(way):
            if text[at + length] != way[place + length]:
                break
            length += 1
        best = max(best, length)
    return best


def _is_made_of(text: str, words: Collection[str], *, most: int) -> bool:
    """Whether the text is at most so many different words one after another, with cheap digits between them."""
    text = _bare(text)
    longest = max(map(len, words), default=0)
    # For each place: the fewest different words that lead there, as sets. Texts are short and words few.
    reached: dict[int, frozenset[str]] = {0: frozenset()}
    for end in range(1, len(text) + 1):
        options = [
            reached[start] | {text[start:end]}
            for start in range(max(0, end - longest), end)
            if start in reached and text[start:end] in words
        ]
        if end - 1 in reached and text[end - 1].isdigit():
            options.append(reached[end - 1])
        if options:
            reached[end] = min(options, key=len)
    used = reached.get(len(text))
    digits = "".join(re.findall(r"\d", text))
    return bool(used) and len(used or ()) <= most and is_cheap(digits)


def _bare(text: str) -> str:
    """Letters and digits only: separators hide nothing."""
    return "".join(sign for sign in text if sign.isalnum())


def _period(text: str) -> str:
    """What the text repeats, if it is nothing but repetition (`abcabcabc`: `abc`), else the text."""
    length = (text + text).find(text, 1)
    return text[:length] if 0 < length < len(text) else text
