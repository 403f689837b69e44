"""SOAP login, at the versions that still have it."""

import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sandbox.salesforce import oauth, sessions
from sandbox.salesforce.answers import Answer
from sandbox.salesforce.org import Org

PATH = re.compile(r"/services/Soap/u/(\d+\.0)/?$", re.IGNORECASE)
LAST_VERSION = 64.0
SESSION_SECONDS = 7200
_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com">\
<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"""
_LOGGED_IN = """<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>{sandbox}</sandbox>\
<serverUrl>{url}</serverUrl><sessionId>{token}</sessionId><userId>{user_id}</userId>\
<userInfo><organizationId>{org_id}</organizationId><sessionSecondsValid>{seconds}</sessionSecondsValid></userInfo>\
</result></loginResponse>"""
_FAULT = """<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>\
<detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage>\
</sf:LoginFault></detail></soapenv:Fault>"""
WRONG = "Invalid username, password, security token; or user locked out."


def login(org: Org, origin: str, version: str, body: bytes) -> Answer:
    """Answer a login call; `origin` is scheme and host as the client asked."""
    if float(version) > LAST_VERSION:
        return _fault("UNSUPPORTED_API_VERSION", f"login() is not part of version {version}")
    if not org.switch("allow_soap_login"):
        return _fault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")
    words = _words(body)
    try:
        user_id = oauth.user_named(org, words.get("username", ""))
    except oauth.TokenError:
        return _fault("INVALID_LOGIN", WRONG)
    if words.get("password") != org.switch("password"):
        return _fault("INVALID_LOGIN", WRONG)
    address = f"{oauth.instance_url(org, origin)}/services/Soap/u/{version}/{org.id[:15]}"
    answer = _LOGGED_IN.format(
        sandbox=str(org.switch("is_sandbox")).lower(),
        url=escape(address),
        token=sessions.open_session(org, user_id),
        user_id=user_id,
        org_id=org.id,
        seconds=SESSION_SECONDS,
    )
    return Answer(200, _ENVELOPE.format(body=answer), media="text/xml;charset=UTF-8")


def _words(body: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return {}
    return {element.tag.rpartition("}")[2]: (element.text or "") for element in root.iter()}


def _fault(code: str, message: str) -> Answer:
    fault = _FAULT.format(code=code, message=escape(message))
    return Answer(500, _ENVELOPE.format(body=fault), media="text/xml;charset=UTF-8")
