"""How good a place for a break is: the words of a language that belong to what follows them.

Netflix, Timed Text Style Guide: General Requirements: break after punctuation and before
conjunctions and prepositions; never part a noun from its article, a first name from the last,
a verb from its pronoun, auxiliary or negation.
"""

from typing import NamedTuple

from backend.documents import languages

# The cost of a break after a piece.
SENTENCE, CLAUSE, PHRASE, NEUTRAL, TORN, CUT = 0.0, 1.0, 2.0, 4.0, 9.0, 50.0

SENTENCE_ENDS = tuple(".!?…。！？．｡؟۔।॥։")
CLAUSE_ENDS = tuple(",;:–—、，；：､،؛・")
CLOSING = "\"'»”’›)]}』」）】》〉"
OPENING = "\"'«“‘‹([{『「（【《〈¿¡"

TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "sra", "dña", "mme", "mlle", "hr", "sig"}
)


class Phrases(NamedTuple):
    """`openers` begin a phrase (conjunctions, prepositions), `clinging` words never end a line."""

    openers: frozenset[str] = frozenset()
    clinging: frozenset[str] = frozenset()


def _build_phrases(openers: str, clinging: str) -> Phrases:
    return Phrases(frozenset(openers.split()), frozenset(clinging.split()))


PHRASES = {
    "en": _build_phrases(
        "and or but nor so because although though while when where if that which who than as "
        "of to in on at by for from with without into onto over under after before about between "
        "through during against until since",
        "the a an this these those my your his her its our their no not i you he she it we they "
        "is are was were be been am have has had do does did will would can could should may "
        "might must don't doesn't didn't won't very",
    ),
    "es": _build_phrases(
        "y e o u ni pero sino porque aunque cuando donde si que quien como mientras "
        "de del a al en con sin por para sobre entre hasta desde hacia contra según tras",
        "el la los las un una unos unas lo mi mis tu tus su sus este esta estos estas ese esa no "
        "se me te le les nos os yo él ella he ha han hemos había es son era fue muy",
    ),
    "ca": _build_phrases(
        "i o ni però sinó perquè encara quan on si que qui com mentre "
        "de del dels a al als en amb sense per sobre entre fins des cap contra segons",
        "el la els les un una uns unes lo el meu la meva aquest aquesta aquests no es em et li ens "
        "us jo ell ella he ha han hem havia és són era molt",
    ),
    "pt": _build_phrases(
        "e ou nem mas porque embora quando onde se que quem como enquanto "
        "de do da dos das a ao à em no na nos nas com sem por pelo pela para sobre entre até desde",
        "o os as um uma uns umas meu minha seu sua este esta esse essa não me te lhe eu "
        "ele ela é são era foi tem têm tinha muito",
    ),
    "fr": _build_phrases(
        "et ou ni mais car donc parce quoique quand où si que qui dont comme pendant "
        "de du des à au aux en dans avec sans par pour sur sous entre vers chez depuis contre",
        "le la les un une mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet "
        "cette ces ne pas se me te je tu il elle on nous vous ils elles est sont était a ai ont "
        "avait très",
    ),
    "it": _build_phrases(
        "e ed o né ma perché benché quando dove se che chi cui come mentre "
        "di del della dei delle a al alla ai alle da dal dalla in nel nella con senza per su sul "
        "sulla tra fra verso contro",
        "il lo la i gli le un uno una mio mia tuo tua suo sua questo questa non si mi ti ci vi io "
        "lui lei è sono era ha ho hanno aveva molto",
    ),
    "de": _build_phrases(
        "und oder aber denn sondern weil obwohl wenn als dass ob während wo der die das "
        "in im an am auf aus bei beim mit nach von vom zu zum zur über unter vor hinter zwischen "
        "durch für gegen ohne um bis seit",
        "den dem des ein eine einen einem einer eines mein meine dein sein seine ihr ihre unser "
        "dieser diese dieses nicht kein keine ich du er sie es wir man sich ist sind war hat habe "
        "haben wird werden sehr",
    ),
    "nl": _build_phrases(
        "en of maar want dus omdat hoewel wanneer toen als dat die wie waar terwijl "
        "van in op aan uit bij met naar voor over onder tussen door tegen zonder om tot sinds te",
        "de het een mijn jouw zijn haar ons onze hun deze dit niet geen ik jij je hij ze we wij "
        "zich is was heeft heb hebben had wordt worden zeer",
    ),
}

# In German every noun has a capital.
WITHOUT_CAPITAL_NAMES = frozenset({"de"})


def compute_break_cost(before: str, after: str, language: str) -> float:
    """The cost of a break between two words that stand next to each other."""
    bare = before.rstrip(CLOSING)
    if bare.endswith(SENTENCE_ENDS):
        return _compute_stop_cost(bare, after)
    if bare.endswith(CLAUSE_ENDS):
        return CLAUSE
    base = languages.get_base_language(language)
    phrases = PHRASES.get(base, Phrases())
    word, following = _strip_punctuation(before), _strip_punctuation(after)
    if word in phrases.openers or word in phrases.clinging:
        return TORN
    if base not in WITHOUT_CAPITAL_NAMES and before[0].isupper() and after[0].isupper():
        return TORN
    return PHRASE if following in phrases.openers else NEUTRAL


def _compute_stop_cost(bare: str, after: str) -> float:
    """A full stop ends no sentence in a title (`Dr. No`) or before a small letter."""
    if bare.endswith("."):
        if _strip_punctuation(bare).rstrip(".") in TITLES:
            return TORN
        if after.lstrip(OPENING)[:1].islower():
            return NEUTRAL
    return SENTENCE


def _strip_punctuation(word: str) -> str:
    return word.strip(OPENING + CLOSING).casefold()
