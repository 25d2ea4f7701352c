"""Names of countries as sanctions lists write them, and their ISO 3166 alpha-2 codes."""

_NAMES = """
AF Afghanistan|AL Albania|DZ Algeria|AO Angola|AR Argentina|AM Armenia|AU Australia|AT Austria|AZ Azerbaijan|BH Bahrain
BD Bangladesh|BY Belarus|BE Belgium|BZ Belize|BJ Benin|BO Bolivia|BA Bosnia and Herzegovina|BR Brazil|BG Bulgaria
BF Burkina Faso|MM Burma|MM Myanmar|BI Burundi|KH Cambodia|CM Cameroon|CA Canada|CF Central African Republic|TD Chad
CL Chile|CN China|CO Colombia|CD Congo, Democratic Republic of the|CD Democratic Republic of the Congo|CG Congo
CR Costa Rica|CI Cote d'Ivoire|HR Croatia|CU Cuba|CY Cyprus|CZ Czech Republic|DK Denmark|DO Dominican Republic|EC Ecuador
EG Egypt|SV El Salvador|ER Eritrea|EE Estonia|ET Ethiopia|FI Finland|FR France|GE Georgia|DE Germany|GH Ghana|GR Greece
GT Guatemala|GN Guinea|GW Guinea-Bissau|GY Guyana|HT Haiti|HN Honduras|HK Hong Kong|HU Hungary|IN India|ID Indonesia
IR Iran|IR Iran (Islamic Republic of)|IQ Iraq|IE Ireland|IL Israel|IT Italy|JM Jamaica|JP Japan|JO Jordan|KZ Kazakhstan
KE Kenya|KP Korea, North|KP North Korea|KP Democratic People's Republic of Korea|KR Korea, South|KR Republic of Korea
KW Kuwait|KG Kyrgyzstan|LA Laos|LV Latvia|LB Lebanon|LR Liberia|LY Libya|LI Liechtenstein|LT Lithuania|LU Luxembourg
MY Malaysia|ML Mali|MT Malta|MH Marshall Islands|MR Mauritania|MX Mexico|MD Moldova|MN Mongolia|ME Montenegro|MA Morocco
MZ Mozambique|NA Namibia|NL Netherlands|NZ New Zealand|NI Nicaragua|NE Niger|NG Nigeria|NO Norway|OM Oman|PK Pakistan
PA Panama|PY Paraguay|PE Peru|PH Philippines|PL Poland|PT Portugal|QA Qatar|RO Romania|RU Russia|RU Russian Federation
RW Rwanda|SA Saudi Arabia|SN Senegal|RS Serbia|SL Sierra Leone|SG Singapore|SK Slovakia|SI Slovenia|SO Somalia
ZA South Africa|SS South Sudan|ES Spain|LK Sri Lanka|SD Sudan|SE Sweden|CH Switzerland|SY Syria|SY Syrian Arab Republic
TW Taiwan|TJ Tajikistan|TZ Tanzania|TH Thailand|TN Tunisia|TR Turkey|TR Turkiye|TM Turkmenistan|UG Uganda|UA Ukraine
AE United Arab Emirates|GB United Kingdom|GB United Kingdom of Great Britain and Northern Ireland|US United States
US United States of America|UY Uruguay|UZ Uzbekistan|VE Venezuela|VN Vietnam|VG Virgin Islands, British
YE Yemen|ZM Zambia|ZW Zimbabwe
"""
_CODES = {
    part[3:].strip().casefold(): part[:2]
    for line in _NAMES.strip().splitlines()
    for part in line.split("|")
}  # fmt: skip


def code_of(name: str) -> str | None:
    """Return the code of a country by its name in English; None where the name is not known."""
    return _CODES.get(" ".join(name.split()).casefold())
