"""Sanctions lists in their publishers' layouts, on parties made up for the purpose."""

import pytest

from app.errors import Invalid
from app.sources import _base
from app.sources._base import ReadOptions, read_file
from app.sources._mapping import shipped

OFAC = """<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">
  <publshInformation><Publish_Date>01/02/2026</Publish_Date><Record_Count>3</Record_Count></publshInformation>
  <sdnEntry><uid>9001</uid><firstName>Testov</firstName><lastName>SAMPLEIN</lastName><sdnType>Individual</sdnType>
    <programList><program>ALPHA</program><program>BETA</program></programList>
    <akaList><aka><uid>1</uid><type>a.k.a.</type><category>strong</category><lastName>SAMPLOV</lastName><firstName>Testoff</firstName></aka></akaList>
    <nationalityList><nationality><uid>2</uid><country>Korea, North</country><mainEntry>true</mainEntry></nationality></nationalityList>
    <dateOfBirthList>
      <dateOfBirthItem><uid>3</uid><dateOfBirth>1961</dateOfBirth><mainEntry>false</mainEntry></dateOfBirthItem>
      <dateOfBirthItem><uid>4</uid><dateOfBirth>23 Nov 1960</dateOfBirth><mainEntry>true</mainEntry></dateOfBirthItem>
    </dateOfBirthList></sdnEntry>
  <sdnEntry><uid>9002</uid><lastName>EXAMPLE SHIPPING CO</lastName><sdnType>Entity</sdnType>
    <programList><program>ALPHA</program></programList>
    <addressList><address><uid>5</uid><city>Nowhere</city><country>Atlantis</country></address></addressList></sdnEntry>
  <sdnEntry><uid>9003</uid><lastName>MV SPECIMEN</lastName><sdnType>Vessel</sdnType></sdnEntry>
</sdnList>"""
UN = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-01-02T00:00:00Z"><INDIVIDUALS>
  <INDIVIDUAL><DATAID>770001</DATAID><FIRST_NAME>ANTON</FIRST_NAME><SECOND_NAME>MUSTER</SECOND_NAME><THIRD_NAME>BELOV</THIRD_NAME>
    <UN_LIST_TYPE>DRC</UN_LIST_TYPE><REFERENCE_NUMBER>CDi.999</REFERENCE_NUMBER>
    <NAME_ORIGINAL_SCRIPT>\u0410\u043d\u0442\u043e\u043d</NAME_ORIGINAL_SCRIPT>
    <NATIONALITY><VALUE>Russian Federation</VALUE></NATIONALITY>
    <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Tony Muster</ALIAS_NAME></INDIVIDUAL_ALIAS>
    <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
    <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1973-12-25</DATE></INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL>
  <INDIVIDUAL><DATAID>770002</DATAID><FIRST_NAME>BERTA</FIRST_NAME>
    <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1973</FROM_YEAR><TO_YEAR>1974</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL>
</INDIVIDUALS><ENTITIES>
  <ENTITY><DATAID>770003</DATAID><FIRST_NAME>MUSTER FRONT</FIRST_NAME><UN_LIST_TYPE>DRC</UN_LIST_TYPE>
    <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>MF</ALIAS_NAME></ENTITY_ALIAS>
    <ENTITY_ADDRESS><COUNTRY>Uganda</COUNTRY></ENTITY_ADDRESS></ENTITY>
</ENTITIES></CONSOLIDATED_LIST>"""
EU = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-01-02T00:00:00.000+02:00">
  <sanctionEntity euReferenceNumber="EU.1.11" logicalId="501">
    <regulation regulationType="regulation" programme="UTP"/><subjectType code="person" classificationCode="P"/>
    <nameAlias firstName="Carla" lastName="Vorlage" wholeName="Carla Vorlage" strong="true"/>
    <nameAlias wholeName="\u041a\u0430\u0440\u043b\u0430" strong="true"/>
    <birthdate circa="false" birthdate="1966-11-30" year="1966"/><citizenship countryIso2Code="BY" countryDescription="BELARUS"/>
  </sanctionEntity>
  <sanctionEntity euReferenceNumber="EU.1.12" logicalId="502"><subjectType code="enterprise" classificationCode="E"/>
    <nameAlias wholeName="Vorlage Trading GmbH"/><address countryIso2Code="00"/></sanctionEntity>
</export>"""
EU_CSV = (
    "\ufefffileGenerationDate;Entity_LogicalId;Entity_SubjectType;Entity_Regulation_Programme;NameAlias_WholeName;"
    "Address_CountryIso2Code;BirthDate_BirthDate;Citizenship_CountryIso2Code\n"
    "02/01/2026;501;person;UTP;Carla Vorlage;;;\n02/01/2026;501;person;UTP;\u041a\u0430\u0440\u043b\u0430;;;\n"
    "02/01/2026;501;person;UTP;;;1966-11-30;BY\n02/01/2026;502;enterprise;;Vorlage Trading GmbH;00;;\n"
)
SDN_CSV = (
    '9001,"SAMPLEIN, Testov","individual","ALPHA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 23 Nov 1960; POB Nowhere."\n'
    '9002,"EXAMPLE SHIPPING CO",-0- ,"ALPHA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n'
)


def rows(tmp_path, text, name, **options):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    made = read_file(path, options=ReadOptions(filename=name, **options))
    assert made.counts() == {"accepted": made.records, "rejected": 0, "duplicate": 0}
    names = (
        "list_name", "entry_id", "name", "kind", "aliases", "country", "date_of_birth", "programme",
    )  # fmt: skip
    return made.tables["sanctions"].select(names).rows()


def test_the_sdn_list_in_xml_is_read_with_aliases_main_date_and_country(tmp_path):
    assert rows(tmp_path, OFAC, "sdn.xml") == [
        ("OFAC SDN", "9001", "Testov SAMPLEIN", "person", ["Testoff SAMPLOV"], "KP", "1960-11-23", "ALPHA, BETA"),
        ("OFAC SDN", "9002", "EXAMPLE SHIPPING CO", "entity", None, None, None, "ALPHA"),
        ("OFAC SDN", "9003", "MV SPECIMEN", "vessel", None, None, None, None),
    ]  # fmt: skip


def test_the_uns_list_is_read_and_a_range_of_years_is_no_date(tmp_path):
    assert rows(tmp_path, UN, "consolidated.xml") == [
        ("UN", "770001", "ANTON MUSTER BELOV", "person", ["Tony Muster", "\u0410\u043d\u0442\u043e\u043d"], "RU", "1973-12-25", "DRC"),
        ("UN", "770002", "BERTA", "person", None, None, None, None),
        ("UN", "770003", "MUSTER FRONT", "entity", ["MF"], "UG", None, "DRC"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), [(EU, "eu.xml"), (EU_CSV, "eu.csv")])
def test_the_eus_list_is_the_same_in_xml_and_csv(tmp_path, text, name):
    assert rows(tmp_path, text, name) == [
        ("EU", "501", "Carla Vorlage", "person", ["\u041a\u0430\u0440\u043b\u0430"], "BY", "1966-11-30", "UTP"),
        ("EU", "502", "Vorlage Trading GmbH", "entity", None, None, None, None),
    ]  # fmt: skip


def test_the_sdn_list_in_csv_is_read_through_its_mapping(tmp_path):
    mapping = shipped()["ofac-sdn-csv"]
    assert rows(tmp_path, SDN_CSV, "SDN.CSV", mapping=mapping) == [
        ("OFAC SDN", "9001", "SAMPLEIN, Testov", "person", None, None, "1960", "ALPHA"),
        ("OFAC SDN", "9002", "EXAMPLE SHIPPING CO", "entity", None, None, None, "ALPHA"),
    ]


@pytest.mark.parametrize(("text", "says"), [
    ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sdnList><sdnEntry><uid>&x;</uid></sdnEntry></sdnList>', "DTD or entities"),
    ("<sdnList><sdnEntry>", "damaged"), ("<sdnList></sdnList>", "no entry"),
])  # fmt: skip
def test_entities_damage_and_emptiness_are_refused(tmp_path, text, says):
    path = tmp_path / "list.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=says):
        read_file(path, format="sanctions", options=ReadOptions(filename="list.xml"))


def test_an_entry_without_a_name_is_refused_and_the_others_kept(tmp_path):
    path = tmp_path / "list.xml"
    path.write_text(
        "<sdnList><sdnEntry><uid>1</uid></sdnEntry><sdnEntry><uid>2</uid><lastName>X</lastName></sdnEntry></sdnList>"
    )
    made = read_file(path)
    assert made.counts() == {"accepted": 1, "rejected": 1, "duplicate": 0}
    assert set(_base.sources()) >= {"sanctions", "flex"}
