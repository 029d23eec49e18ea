"""The months of dates in words, in the languages that exports are written in."""

from ensemble_desk.market import spellings

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WORDS: tuple[str, ...] = (
    (
        "jan january januar januari janvier enero ene gennaio gen janeiro stycznia sty ocak oca января янв січня "
        "січ ian ianuarie leden ledna led január tammikuuta tammi ιαν ιανουαριος ιανουαριου ינואר ינו يناير"
    ),
    (
        "feb february februari fevrier février févr fév febrero febbraio fevereiro fev lut lutego şubat şub "
        "февраля лютого лют februarie únor února úno február helmikuuta helmi φεβ φεβρουαριος φεβρουαριου פברואר "
        "פבר فبراير"
    ),
    (
        "mar march märz mär mrz maart mrt mars marts marzo março marca mart марта березня бер martie březen března "
        "bře március már maaliskuuta maalis μαρ μαρτιος μαρτιου מרץ מרס مارس maret"
    ),
    (
        "apr april avril avr abril abr aprile kwietnia kwi nisan nis апреля апр квітня кві aprilie duben dubna dub "
        "április ápr huhtikuuta huhti απρ απριλιος απριλιου אפריל אפר أبريل ابريل"
    ),
    (
        "may mai mei mayo maggio mag maio maja maj mayıs мая май травня тра květen května kvě május toukokuuta "
        "touko μαι μαιος μαιου מאי مايو"
    ),
    (
        "jun june juni juin junio giugno giu junho czerwca cze haziran haz июня июн червня чер iun iunie červen "
        "června čvn június jún kesäkuuta kesä ιουν ιουνιος ιουνιου יוני يونيو"
    ),
    (
        "jul july juli juillet juil julio luglio lug julho lipca lip temmuz tem июля июл липня лип iul iulie "
        "červenec července čvc július júl heinäkuuta heinä ιουλ ιουλιος ιουλιου יולי يوليو"
    ),
    (
        "aug august augustus août aou agosto ago sierpnia sie ağustos ağu agu augusti августа авг серпня сер srpen "
        "srpna srp augusztus elokuuta elo agustus agt αυγ αυγουστος αυγουστου אוגוסט אוג أغسطس اغسطس"
    ),
    (
        "sep sept september septembre septiembre settembre set setembro września wrz eylül eyl сентября сен "
        "вересня вер septembrie září zář szeptember szept syyskuuta syys σεπ σεπτεμβριος σεπτεμβριου ספטמבר ספט "
        "سبتمبر"
    ),
    (
        "oct october oktober okt octobre octubre ottobre ott outubro out października paź ekim eki октября окт "
        "жовтня жов octombrie říjen října říj október lokakuuta loka οκτ οκτωβριος οκτωβριου אוקטובר אוק أكتوبر "
        "اكتوبر"
    ),
    (
        "nov november novembre noviembre novembro listopada lis kasım kas ноября ноя листопада лис noiembrie noi "
        "listopad marraskuuta marras νοε νοεμβριος νοεμβριου נובמבר נוב نوفمبر"
    ),
    (
        "dec december dezember dez décembre déc diciembre dic dicembre dezembro grudnia gru aralık ara декабря дек "
        "грудня гру decembrie prosinec prosince pro joulukuuta joulu des desember δεκ δεκεμβριος δεκεμβριου דצמבר "
        "דצמ ديسمبر"
    ),
)
_MONTH = {spellings.plain(word): month for month, words in zip(ENGLISH, _WORDS, strict=True) for word in words.split()}
_DAYS_OF_THE_WEEK = frozenset(map(spellings.plain, ("mardi", "martedì", "martes", "marți", "середа")))

MARKED = {
    word: month
    for month, words in zip(
        ENGLISH,
        (
            "มกราคม ม.ค. जनवरी",
            "กุมภาพันธ์ ก.พ. फ़रवरी फरवरी",
            "มีนาคม มี.ค. मार्च",
            "เมษายน เม.ย. अप्रैल",
            "พฤษภาคม พ.ค. मई",
            "มิถุนายน มิ.ย. जून",
            "กรกฎาคม ก.ค. जुलाई",
            "สิงหาคม ส.ค. अगस्त",
            "กันยายน ก.ย. सितंबर",
            "ตุลาคม ต.ค. अक्टूबर",
            "พฤศจิกายน พ.ย. नवंबर",
            "ธันวาคม ธ.ค. दिसंबर",
        ),
        strict=True,
    )
    for word in words.split()
}
"""Months in scripts whose letters carry marks, which no pattern of words takes whole."""


def english_month(word: str) -> str:
    """``Jan`` for a plain word that begins as a January does; nothing for a word that is no month."""
    if word in _DAYS_OF_THE_WEEK:
        return ""
    return _MONTH.get(word) or _MONTH.get(word[:4]) or _MONTH.get(word[:3]) or ""
