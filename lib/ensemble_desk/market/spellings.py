"""How programs and vendors call the columns of a price table, in the languages and systems they come from."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

ADJUSTED, TIME, DAY, TICKER, CURRENCY = "adj_close", "time", "day", "ticker", "currency"

_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "æ": "ae"})


@lru_cache(4096, typed=True)
def plain(name: object) -> str:
    """``1. Open``, ``Adj Close**``, ``<VOL>`` and ``Öffnung`` become ``open``, ``adj_close``, ``vol`` and ``offnung``.

    Case, accents, blanks and punctuation do not count, in any script.
    """
    parted = unicodedata.normalize("NFKD", str(name).translate(_LETTERS))
    bare = "".join(letter for letter in parted if not unicodedata.combining(letter))
    words = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", bare).casefold()).strip("_")
    return re.sub(r"^\d+_", "", words)


@lru_cache(4096, typed=True)
def without_unit(name: object) -> str:
    """``Open (USD)`` and ``Turnover - EUR`` without what stands in brackets or after a dash, plain."""
    return plain(re.sub(r"[(\[（].*?[)\]）]|\s[-–]\s*[A-Z]{3}\s*$", " ", str(name)))


def _plainly(*lists: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plain(one) for listed in lists for one in listed.split("|")))


OF: Mapping[str, tuple[str, ...]] = {
    TIME: _plainly(
        "time|datetime|date_time|timestamp|ts|date|index_level_0|unnamed_0",
        "gmt_time|local_time|open_time|time_utc|date_utc|datetime_utc|timestamp_utc|time_open|opentime|timeopen",
        "ts_event|window_start|quote_date|trade_date|trading_date|unix|unix_time|epoch|exchange_date|date_gmt",
        "unix_timestamp|day|dt|t|data|datum|fecha",
        "datadate|caldt|session|session_date|business_date|bar_time|candle_time",
        "begin|start_time|starttime|start|time_period_start|price_date|as_of_date|tradedate|week|date_1|date_d",
        "observation_date|date_ymd|date_dmy|date_mdy|traddt|dtyyyymmdd|date_yyyymmdd|yyyymmdd|datetime_index|date_and_time|trade_day|timestamp_ms|time_key|kline_time|lasttradedate|effective_date|dates",
        "tarih|tarikh|tanggal|dato|päivämäärä|päiväys|kuupäev",
        "datums|dátum|dag|jour|data_sesji|data_pregao|data_notowania",
        "Дата|Дата и время|Время|День|Датум|Ημερομηνία|תאריך|التاريخ|तारीख|दिनांक|วันที่|วันเดือนปี|ngày",
        "日期|日期时间|时间|時間|交易日期|交易日|成交日期|日付|日付け|日時|年月日|取引日|日期時間|날짜|일자|일시|거래일|기준일|영업일",
    ),
    "open": _plainly(
        "open|o|open_price|price_open|openprc|px_open|prcod|midopen|bidopen|askopen",
        "opening|opening_price|open_bid|mid_o|bid_o|mid_open|open_mid",
        "opnpric|open_usd|first|first_price|opn|openp|op|trdprc_open|opnprc|open_trade|day_open|session_open|preis_open",
        "otwarcie|kurs_otwarcia|eröffn|eröffnung|eröffnungskurs|erster|anfang|apertura|precio_apertura|abertura",
        "preco_abertura|premier|ouv|ouverture|cours_ouverture|openingskoers|opening_koers|açılış|acilis|öppn|öppning",
        "öppningskurs|öppen|åpning|åbning|åpningskurs|avaus|avauskurssi|avamine|pembukaan|buka|mở|mở_cửa|giá_mở_cửa",
        "otevření|otevírací|zahajovací|openen|åbningskurs|nyitó|deschidere|apertură|otvorenie|atvērts|atidarymo",
        "Откр|Открытие|Цена открытия|Відкр|Відкриття|Отваряне",
        "Άνοιγμα|פתיחה|שער פתיחה|الفتح|الافتتاح|سعر الافتتاح|افتتاح",
        "खुला|ओपन|खुलने का भाव|เปิด|ราคาเปิด|เปิดตลาด",
        "开盘|开盘价|開盤|開盤價|開盤指數|開市|今开|今開|始値|始め値|寄付|시가|오픈|시작가",
    ),
    "high": _plainly(
        "high|h|high_price|price_high|askhi|px_high|prchd|midhigh|bidhigh|askhigh|day_s_high|days_high|highest|high_bid|mid_h|bid_h|mid_high|high_mid|high_usd",
        "hghpric|highest_price|hi|highp|day_high|session_high|high_trade|max_price|max|maximum|top",
        "najwyższy|najwyzszy|kurs_max|hoch|höchst|höchstkurs|tageshoch|máximo|maximo|máx|precio_máximo|máxima|maxima",
        "preco_maximo|plus_haut|haut|le_plus_haut|plus_haut_jour|hoog|hoogste|massimo|prezzo_massimo|yüksek|en_yüksek",
        "högst|hög|högsta|högstakurs|høy|høj|høyest|ylin|korkein|kõrgeim|tertinggi|tinggi|cao|cao_nhất|giá_cao_nhất",
        "nejvyšší|maximální|maksimum|kurs_maksymalny|najwyższa|højeste|maxim|legmagasabb|najvyššia|augstākā|didžiausia",
        "Макс|Максимум|Макс цена|Максимальная|Макс ціна|Висока|Υψηλό",
        "Υψηλότερο|גבוה|שער גבוה|أعلى|الأعلى|أعلى سعر|مرتفع",
        "उच्च|हाई|अधिकतम|สูงสุด|ราคาสูงสุด",
        "最高|最高价|最高價|最高指數|高|高値|高价|最高値|고가|최고가",
    ),
    "low": _plainly(
        "low|l|low_price|price_low|bidlo|px_low|prcld|midlow|bidlow|asklow|day_s_low|days_low|lowest|low_bid|mid_l|bid_l|mid_low|low_mid|low_usd",
        "lwpric|lowest_price|lo|lowp|day_low|session_low|low_trade|min_price|min|minimum|bottom",
        "najniższy|najnizszy|kurs_min|tief|tiefst|tiefstkurs|tagestief|mínimo|minimo|mín|precio_mínimo|mínima|minima",
        "preco_minimo|plus_bas|bas|le_plus_bas|plus_bas_jour|laag|laagste|prezzo_minimo|düşük|en_düşük",
        "lägst|låg|lägsta|lägstakurs|lav|lavest|alin|matalin|madalaim|terendah|rendah|thấp|thấp_nhất|giá_thấp_nhất",
        "nejnižší|minimální|kurs_minimalny|najniższa|laveste|minim|legalacsonyabb|najnižšia|zemākā|mažiausia",
        "Мин|Минимум|Мин цена|Минимальная|Мін|Мін ціна|Низька",
        "Χαμηλό|Χαμηλότερο|נמוך|שער נמוך|أدنى|الأدنى|أدنى سعر|منخفض",
        "निम्न|लो|न्यूनतम|ต่ำสุด|ราคาต่ำสุด",
        "最低|最低价|最低價|最低指數|低|安値|低价|最低値|저가|최저가",
    ),
    "close": _plainly(
        "close|c|close_price|price_close|close_last|closing|closing_price|close_ltp|mid_c|bid_c|mid_close|close_mid",
        "clspric|close_bid|close_usd|prccd|prc|px_last|px_close|midclose|bidclose|askclose|today_close|today_s_close",
        "px_settle|latest|latest_price|settle|settlement|settlement_price",
        "price|last|last_price|trdprc_1|last_trade|ltp|day_close|session_close|clsprc|official_close|closep",
        "close_close_price_adjusted_for_splits|hst_close|last_close_price|lst_trade|closing_price_usd",
        "zamknięcie|zamkniecie|kurs_zamkniecia|schluss|schlusskurs|zuletzt",
        "letzter|kurs|último|ultimo|cierre|precio_cierre",
        "preco_fechamento|fechamento|fecho|dernier|clôture|cloture",
        "clot|clôt|cours_clôture|cours|laatst|laatste|slot|slotkoers|chiusura",
        "prezzo_chiusura|prezzo|ostatnio|ostatni|şimdi|simdi|kapanış",
        "kapanis|son|senaste|slutkurs|sist|siste|stängning|seneste",
        "sluttkurs|lukkekurs|viimeisin|päätös|päätöskurssi|viimane",
        "terakhir|penutupan|tutup|lần_cuối|đóng_cửa|giá_đóng_cửa",
        "lần_cuối_cùng|poslední|závěr|závěrečná|závěrečný|zavírací|uzavírací|sluiten|slotkurs|utolsó|záró|záróár|ultimul|închidere|posledná",
        "Цена|Закр|Закрытие|Цена закрытия|Последняя|Остання|Ціна|Закриття|Последна|Цена затваряне|Τελευταία|Κλείσιμο",
        "מחיר|שער|סגירה|שער נעילה|אחרון|السعر|الأخير|الإغلاق|سعر الإغلاق|آخر سعر|إغلاق|भाव|कीमत|अंतिम|बंद|बंद भाव",
        "ล่าสุด|ปิด|ราคาปิด|收盘|收盘价|收盤|收盤價|收盤指數|收市|收市價|最新价|終値|終わり値|現値|종가|현재가|종료가",
    ),
    "volume": _plainly(
        "shares_traded|number_of_shares|no_of_shares",
        "total_traded_quantity|traded_quantity|total_traded_qty|ttl_trd_qnty",
        "tottrdqty|ttltradgvol|volume_shares|share_volume|shares|stücke|stuecke",
        "stück|stk|cshtrd|traded_volume|volume_traded|qty|quantity",
        "quantity_traded|volume|v|vol|total_volume|px_volume",
        "acvol_1|acvol_uns|volm|trade_volume|day_volume|total_vol|vols",
        "totalvolume|volume_base|base_volume|tickvol|tick_volume|tickvolume|tick_count_volume",
        "wolumen|wol|obrót_szt|gehandelte_stück|umsatz_stück|volumen|volúmen|títulos|vol_acciones|quantidade|quantité",
        "titres_échangés|quantità|hacim|hac|işlem_hacmi|volym|omsatta_antal|antal_aktier|antall|vaihto_kpl|volyymi",
        "käive_tk|isipadu|khối_lượng|khối_lượng_khớp_lệnh|antal_handlet|işlem_miktarı|wolumen_obrotu|kl|objem|mennyiség|volum|tirgota|apimtis",
        "Объём|Объем|Об|Обьем|Количество|Обсяг|Об'єм|Обем|Όγκος|נפח|מחזור יחידות|كمية|الحجم|حجم|الكمية|حجم التداول",
        "वॉल्यूम|मात्रा|आयतन|ปริมาณ|ปริมาณหุ้น|成交量|成交量股|成交股數|成交股数|交易量|量|出来高|売買高|거래량|거래량주|체결량",
    ),
    ADJUSTED: _plainly(
        "adj_close|adjclose|adjusted_close|close_adjusted|adj_close_price|adj_price|adjusted_price|adj_closing_price",
        "adj_close_adjusted_close_price_adjusted_for_splits_and_dividend_and_or_capital_gain_distributions",
        "調整後終値|调整后收盘价|修正主가",
    ),
    TICKER: _plainly(
        "ticker|symbol|tic|sym|ric|instrument|security",
        "pair|asset|paper|tckrsymb|name|ts_code|act_symbol|tradingsymbol|trading_symbol",
        "format_ticker|stock_symbol|股票代码|股票代號|證券代號|证券代码|代码|종목코드|단축코드|銘柄コード|コード",
    ),
    CURRENCY: _plainly("currency|ccy|curcd|curr|währung|devise|moneda|货币|貨幣|通貨|통화"),
}
"""Plain spellings of each of our fields; the first that a table has is taken."""

CLOCKS = _plainly(
    "time|clock|exchange_time|trade_time|hhmm|hhmmss|zeit|uhrzeit|heure|hora|ora|orario|tijd|tid|klokkeslæt|aika|kello|czas|godzina|čas|idő|saat|jam|waktu|giờ",
    "Время|Час|Ώρα|שעה|الوقت|เวลา|समय|时间|時間|時刻|시간|시각",
)
"""Columns that may tell the time of the day beside one of dates."""

_OF_A_PRICE = frozenset(
    _plainly(
        "price|rate|kurs|kurz|kurzy|cena|ár|árfolyam|fiyat|fiyatı|prix|cours|precio|prezzo|preço|preis|koers|pris|giá",
        "preț|hinta|harga|цена|цены|ціна|курс|τιμή|מחיר|שער|سعر|भाव|ราคา",
    )
)


@lru_cache(4096, typed=True)
def without_price(name: object) -> str:
    """``Otevírací kurz`` and ``Açılış Fiyatı`` without the word that says that it is a price, plain."""
    words = without_unit(name).split("_")
    return "_".join(word for word in words if word not in _OF_A_PRICE)


FURTHER_VOLUMES = _plainly(
    "tickvol|tick_volume|tickvolume|volume|vol|v|real_volume|volume_real|realvolume|exchange_volume|contracts|lots"
)
"""Volumes that stand in where the first one is 0 throughout, as ticks do where an exchange tells no volume."""

UP_AND_DOWN = (
    _plainly("up|up_volume|upvol|upticks|up_ticks"),
    _plainly("down|down_volume|downvol|downticks|down_ticks"),
)
"""Volumes traded on rising and on falling prices, which together are the volume."""

OTHERS = frozenset(
    _plainly(
        "turnover|value|amount|traded_value|quote_volume|quote_asset_volume",
        "dollar_volume|money|trades|transactions|count|n",
        "number_of_trades|numberoftrades|no_of_trades|trade_count|barcount",
        "bar_count|num_trades|oi|openint|open_interest",
        "openinterest|market_cap|marketcap|spread|per|period",
        "vw|vwap|average|wap|avg_price|average_price|weighted_price",
        "change|chg|change_percent|net|pct_chg|pctchg|series|prev_close|pre_close|preclose|previous_close|umsatz",
        "turnover_rate|circulating_supply|shares_outstanding|shrout|permno|gvkey|id|index|row|deliverable_volume|turn",
        "bidvolume|askvolume|bid_volume|ask_volume|taker_buy_volume|dividends|dividend|stock_splits|split_ratio",
        "capital_gains|capitalgains|ex_dividend|adjustflag|tradestatus",
        "ttltrfval|ttlnboftxsexctd|tottrdval|totaltrades|opnintrst|rtype|publisher_id|instrument_id",
        "isst|flow|value_traded|turnover_value|deliverable_qty",
        "outstanding|close_time|time_close|timeclose|ignore|last_update|delta",
        "giá_trị_khớp_lệnh|ret|retx|cfacpr|cfacshr|capitaux|oms|omsättning",
        "omsætning|omsetning|vaihto|obrót|fatturato|成交额|成交額|成交金额|成交金額|换手率|振幅|涨跌幅|涨跌额|거래대금|시가총액",
        "상장시총|상장주식수|대비|등락률|売買代金|変化率|前日比|year|month|day|hour|minute|second|code|name|w_52_h|w_52_l",
    )
)
"""Columns that no volume is looked for in: money, counts of trades, changes and the like."""

UNIT_OF_VOLUME = "volume_"
"""How a volume begins that names its unit, such as ``Volume BTC``."""
