"""The one door through which XML of others is read."""

from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from app.errors import Invalid


def parse_xml(data: bytes) -> Node:
    """Return the root of an XML document; nothing outside of it is read.

    Raises:
        Invalid: If it is damaged (with line and column), declares a DTD or entities, or is in no known encoding.
    """
    try:
        root: Node = ElementTree.fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise Invalid("The XML declares a DTD or entities; that is not accepted.") from error
    except ParseError as error:
        line, column = error.position
        raise Invalid(f"The XML is damaged at line {line}, column {column + 1}.") from error
    except (ValueError, LookupError) as error:
        raise Invalid("The encoding of the XML is unknown or wrong.") from error
    return root
