"""Lemmas of English nouns from a table and a few endings, for where spaCy is not installed.

A word is taken for a noun whatever it is: there is no tagger, so that `runs` is `run` and `running` stays `running`,
and a verb counts for the noun that it is spelled like. spaCy, which `nouns` asks, knows the difference. Words are those
of the reading `plain`: folded, without borders in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

_IRREGULAR = """
    abuses abuse; aches ache; aircraft aircraft; aliases alias; alibis alibi; aloes aloe; alumni alumnus; analyses
    analysis; antennae antenna; atlases atlas; avalanches avalanche; axes axe; bacteria bacterium; bases base;
    basses bass; bayous bayou; beaus beau; beaux beau; beeves beef; biases bias; bijous bijou; bikinis bikini;
    bonsais bonsai; bookshelves bookshelf; boyfriends boyfriend; brethren brother; brioches brioche; broccolis
    broccoli; bureaus bureau; buses bus; busses bus; caches cache; cacti cactus; calves calf; canoes canoe; canvases
    canvas; caribous caribou; chassis chassis; chassises chassis; chateaus chateau; cherubim cherub; children child;
    christmases christmas; clematises clematis; cliches cliche; clubfeet clubfoot; cockatoos cockatoo; corgis corgi;
    corps corps; creches creche; crevasses crevasse; crises crisis; criteria criterion; crowfeet crowfoot; curricula
    curriculum; diagnoses diagnosis; dice dice; does doe; dormice dormouse; dwarves dwarf; ecus ecu; elves elf; emus
    emu; excuses excuse; eyeteeth eyetooth; feet foot; fezzes fez; floes floe; flus flu; foci focus; foes foe;
    forefeet forefoot; formulae formula; fungi fungus; fuses fuse; gases gas; gasses gas; gateaus gateau; geese
    goose; genera genus; geneses genesis; gnus gnu; goes go; goosefeet goosefoot; gouaches gouache; graffiti
    graffiti; grandchildren grandchild; gumshoes gumshoe; gurus guru; gymnasia gymnasium; haikus haiku; halves half;
    handkerchieves handkerchief; headaches headache; heartaches heartache; hibachis hibachi; hippopotami
    hippopotamus; hoes hoe; hooves hoof; horseshoes horseshoe; housewives housewife; hypotenuses hypotenuse;
    hypotheses hypothesis; ibises ibis; irises iris; jacuzzis jacuzzi; khakis khaki; kibbutzim kibbutz; kimchis
    kimchi; kiwis kiwi; knives knife; kudus kudu; larvae larva; leaves leaf; lenses lens; lice louse; lives life;
    loaves loaf; luaus luau; mantises mantis; marquises marquis; martinis martini; matrices matrix; memoranda
    memorandum; menus menu; metropolises metropolis; mice mouse; microfiches microfiche; midwives midwife;
    mistletoes mistletoe; mojitos mojito; mongooses mongoose; moustaches moustache; muses muse; mustaches mustache;
    nebulae nebula; necropolises necropolis; niches niche; nuclei nucleus; oases oasis; oboes oboe; octopi octopus;
    okapis okapi; overshoes overshoe; oxen ox; pampas pampas; pancreases pancreas; paparazzi paparazzo; parentheses
    parenthesis; passersby passerby; pastiches pastiche; pelvises pelvis; penknives penknife; people people;
    phenomena phenomenon; pilaus pilau; plateaus plateau; platypi platypus; pliers pliers; portcullises portcullis;
    proboscises proboscis; psyches psyche; quiches quiche; quizzes quiz; quokkas quokka; rabbis rabbi; radii radius;
    raviolis ravioli; recluses recluse; reindeer reindeer; reuses reuse; rhinoceroses rhinoceros; roes roe; rooves
    roof; ruses ruse; safaris safari; salamis salami; samurais samurai; scarves scarf; selves self; sheaves sheaf;
    sheep sheep; shelves shelf; shoes shoe; skis ski; sloes sloe; snowshoes snowshoe; sous sou; stepchildren
    stepchild; stimuli stimulus; stomachaches stomachache; strata stratum; sushis sushi; syllabi syllabus; tableaus
    tableau; taxis taxi; teeth tooth; theses thesis; thieves thief; thous thou; throes throe; tiptoes tiptoe;
    titmice titmouse; toes toe; tofus tofu; toothaches toothache; topazes topaz; trellises trellis; trousseaus
    trousseau; tsunamis tsunami; tuktuks tuktuk; tutus tutu; uses use; vertebrae vertebra; vertices vertex; waltzes
    waltz; wasabis wasabi; werewolves werewolf; wharves wharf; whizzes whiz; wives wife; woes woe; wolves wolf;
    yeses yes; yetis yeti; zebus zebu; zucchinis zucchini
"""
_ENDS_IN_IE = """
    aerie alkie auntie aussie barbie beanie bestie bikie birdie birkie bogie boogie bookie bootie bourgeoisie bowtie
    brie brownie budgie caddie calorie camaraderie charcuterie chassie collie cookie coolie cootie coterie cowrie
    cutesie cutie dearie dixie doggie dogie eerie eyrie folie foodie freebie genie girlie goalie goodie groupie
    hankie hippie hoagie hogtie homie hoodie hottie indie junkie kelpie kiddie laddie lassie leggie lie lingerie
    magie magpie meanie menagerie mountie movie neckerchie necktie newbie nightie oldie onesie organdie patisserie
    pie pinkie pixie potpie prairie quickie reverie rookie roomie rotisserie selfie smoothie softie sortie specie
    spookie stymie sweetie talkie techie tie toughie townie undie veggie walkie weenie yuppie zombie
"""
_NO_PLURAL = """
    across alas alias always amphibious arkansas as athletics atlas badlands bahamas barbados barracks bellows bias
    biceps billiards binoculars bourgeois brussels canvas chaos charles checkers christmas clothes cosmos crossroads
    cyclops dallas darts dominoes dungarees economics electronics ethics forceps gallows gas glasses goggles
    gymnastics has headquarters his honduras hummus is its james jeans jesus kansas laos las lens maldives mars
    mathematics means measles molasses mumps netherlands news nicholas overalls pajamas pancreas pants paris patas
    philippines physics plus politics pyrenees rabies rhinoceros scissors series seychelles shorts species
    sunglasses swiss tennis texas this thomas thus tights tongs triceps triceratops trousers tweezers us vegas venus
    versus wales was williams yellowlegs yes
"""
_ENDS_IN_MEN = """
    abdomen acumen albumen amen bitumen carmen cyclamen foramen hymen lumen omen ramen regimen semen specimen stamen
    yemen
"""
_NOT_OF_MAN = frozenset(_ENDS_IN_MEN.split())
_IE = frozenset(f"{word}s" for word in _ENDS_IN_IE.split())
_KEPT = frozenset(_NO_PLURAL.split())
_TABLE = dict(pair.split() for pair in _IRREGULAR.split(";"))


@cache
def _plurals() -> dict[str, list[str]]:
    plurals: dict[str, list[str]] = {}
    for plural, singular in _TABLE.items():
        plurals.setdefault(singular, []).append(plural)
    return plurals


def lemma(word: str) -> str:
    """Return the lemma of a word.

    Examples
    --------
    >>> [lemma(word) for word in ("dogs", "wolves", "berries", "boxes", "houses", "bus", "firemen", "running")]
    ['dog', 'wolf', 'berry', 'box', 'house', 'bus', 'fireman', 'running']
    """
    if word in _TABLE:
        return _TABLE[word]
    if word.endswith("men") and word not in _NOT_OF_MAN:
        return word[:-2] + "an"
    if len(word) < 4 or not word.endswith("s") or word in _KEPT or word.endswith(("ss", "is", "us")):
        return word
    if word.endswith("ies"):
        return word[:-1] if word in _IE else word[:-3] + "y" if len(word) > 4 else word[:-1]
    return word[: -2 if _takes_es(word) else -1]


def _takes_es(word: str) -> bool:
    """Return whether a plural in -s is one in -es."""
    if word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return True
    if word.endswith("oes"):
        return len(word) > 4
    return word.endswith("uses") and not word.endswith(("auses", "ouses"))


def forms(of: str) -> Iterator[str]:
    """Yield every word whose lemma is `of`: itself where it is its own, and its plurals."""
    made = [of, f"{of}s", f"{of}es", *([f"{of[:-1]}ies"] if of.endswith("y") else []), *_plurals().get(of, [])]
    if of.endswith("man"):
        made.append(f"{of[:-2]}en")
    yield from (word for word in dict.fromkeys(made) if lemma(word) == of)
