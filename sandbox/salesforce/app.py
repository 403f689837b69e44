"""The ASGI app of the org: login hosts, versions, and the REST API."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.salesforce import describing, oauth, soap
from sandbox.salesforce.answers import Answer, ApiRequest, not_found
from sandbox.salesforce.api import URL_TOO_LONG, Api
from sandbox.salesforce.org import Org

_DATA = re.compile(r"/services/data/v(\d+\.0)(/.*)?$", re.IGNORECASE)
_RETIRED = [{"message": "API version is no longer supported", "errorCode": "UNSUPPORTED_API_VERSION"}]


class SalesforceApp:
    """ASGI app of one org."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.api = Api(org)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        answer = self.answer(request, await request.body())
        headers = {"content-type": answer.media, **answer.headers} if answer.body is not None else dict(answer.headers)
        await Response(answer.encoded(), answer.status, headers)(scope, receive, send)

    def answer(self, request: Request, body: bytes) -> Answer:
        """Return the answer to one request."""
        path = str(request.scope.get("raw_path", b"").decode("latin-1")).partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        if len(path) + len(request.url.query) > self.org.switch("limit_url"):
            return URL_TOO_LONG
        origin = f"{request.url.scheme}://{headers.get('host', '')}"
        if path.startswith("/services/oauth2/"):
            return oauth.answer(self.org, request.method, path, origin, headers, body)
        login = soap.PATH.match(path)
        if login and request.method == "POST":
            return soap.login(self.org, origin, login.group(1), body)
        if path.rstrip("/") == "/services/data":
            return describing.versions(self.org)
        return self._data(request, path, headers, body)

    def _data(self, request: Request, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        match = _DATA.match(path)
        if match is None:
            return Answer(404, not_found().body())
        first, last = self.org.switch("versions")
        if float(match.group(1)) < first:
            return Answer(410, _RETIRED)
        if float(match.group(1)) > last:
            return Answer(404, not_found().body())
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        wish = ApiRequest(request.method, match.group(2) or "", query, headers, body, match.group(1))
        return self.api.answer(wish)
