"""Words in columns' names that tell what a column is, in the languages people write them; lower case, no accents."""

from __future__ import annotations

import unicodedata


def without_accents(text: str) -> str:
    """Lower case and without accents: "Umsätze" is "umsatze", "Dépenses" is "depenses"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(mark for mark in apart if not unicodedata.combining(mark))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DATE = _words(
    "date day week month period time datum ds woche kw monat tag fecha semana mes dia semaine mois jour dt timestamp "
    "settimana mese giorno maand wk"
)
MARKET = _words(
    "geo market region location country dma state city store area land markt gebiet territory zip filiale bundesland "
    "pays ville pais ciudad mercado tienda marche regione mercato winkel regio"
)
NO_MARKET = _words("campaign ad group account")
NUMBERED = _words("dma geo zip store")  # markets that may be named by a number
SPEND = _words(
    "spend spends spending spent cost costs budget invest investment investments expense expenses adspend advert "
    "advertising ausgaben kosten werbekosten werbeausgaben werbebudget mediakosten mediabudget depense depenses cout "
    "couts investissement investissements gasto gastos coste costes inversion inversiones mediaspend mdsp spesa spese "
    "costo costi investimento investimenti uitgaven uitgave"
)
EXPOSURE_ORDER = (
    _words("impression impressions impr imps imp mdip impressionen impresiones impressioni impressies vertoningen"),
    _words("grp grps trp trps"),
    _words("view views exposure exposures reach contacts kontakte vues visualizaciones visualizzazioni reichweite"),
    _words("click clicks klicks clics clic kliks"),
)
EXPOSURE = frozenset().union(*EXPOSURE_ORDER)
CHANNEL = _words(
    "tv television radio print newspaper newspapers magazine ooh outdoor dooh cinema search sem ppc adwords google "
    "bing social facebook meta instagram tiktok snapchat pinterest linkedin twitter youtube video display banner "
    "programmatic affiliate affiliates email newsletter influencer podcast audio mail flyer billboard shopping "
    "retargeting amazon media fernsehen plakat kino zeitung affichage"
)
RATIO = _words("per roas cpc cpm cpa ctr cvr rate ratio avg average share")
_MONEY = (
    "revenue revenues sales turnover umsatz umsatze umsaetze erlos erlose erloese ventas facturacion ingresos ventes "
    "recettes affaires fatturato vendite ricavi omzet income bookings gmv"
)
_COUNTS = (
    "conversions orders quotes units purchases transactions bestellungen absatz commandes pedidos ordini bestellingen"
)
_MORE_COUNTS = "conversion signups registrations subscriptions subscribers leads installs customers volume"
_STAND_INS = "kpi target response"
KPI_ORDER = tuple(f"{_MONEY} {_COUNTS} y {_MORE_COUNTS} acquisitions applications {_STAND_INS}".split())
MONEY_KPI = _words(f"{_MONEY} y {_STAND_INS}")
COUNT_KPI = _words(f"{_COUNTS} {_MORE_COUNTS} acquisitions applications")
PLATFORM = _words(
    "google adwords bing facebook meta instagram tiktok snapchat pinterest linkedin twitter youtube amazon ads "
    "fivetran platform claimed attributed tracked pixel"
)
CLAIMED = _words("conversion conversions purchases acquisitions value")
COMPETITOR = _words(
    "competitor competitors competition comp rival wettbewerb wettbewerber konkurrenz konkurrent konkurrenten "
    "concurrence concurrent concurrents competencia competidor competidores concorrenza concorrente concorrenti "
    "concurrentie"
)
MEDIATOR = _words(
    "sessions session visits visit visitors traffic pageviews sitzungen besuche besucher visites visitas sesiones "
    "sessioni visite sessies bezoeken"
)
BRAND = _words("brand branded marke marque marca merk")
BRAND_SEARCH = _words("search searches query queries suche suchen suchanfragen recherche recherches busquedas")
PREDICTOR = _words(
    "weather temperature temp rain rainfall sunshine snow wetter temperatur regen schnee sonne temperatura meteo clima "
    "lluvia pluie neige temperatuur weer pioggia"
)
HELPER = _words(
    "t idx index id row rownum dayofyear doy dayofweek weekday weekno weeknum weekofyear quarter year obs trend "
    "weeknumber dayofmonth monthnumber yearweek rowid jahr kw annee ano anno jaar"
)
POPULATION = _words("population pop inhabitants einwohner households poblacion habitants popolazione inwoners")
CURRENCIES = _words("eur usd gbp chf sek nok dkk pln cad aud jpy inr brl nzd")
FILLER = _words("amount total the of in weekly daily monthly net")
