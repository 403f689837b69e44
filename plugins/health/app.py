"""The server behind the page: JSON routes below /sync-health, each with its own check of rights, and the page's modules."""

import json
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from connectors.forms import FORMS
from health import PAGE, actions, plans, views
from health.access import SignedIn

STATIC = Path(__file__).parent / "static"
POLICY = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}

app = FastAPI(title=PAGE, docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(views.router, prefix="/api")
app.include_router(plans.router, prefix="/api")
app.include_router(actions.router, prefix="/api")
_files = StaticFiles(directory=STATIC)


@app.get("/static/names.js")
async def names(user: SignedIn) -> Response:
    """How the makers of our systems spell their names, as a script of the page."""
    spelled = {system: form.name for system, form in FORMS.items()}
    return Response(f"export const NAMES = {json.dumps(spelled)};\n", media_type="text/javascript", headers=POLICY)


@app.get("/static/{name}")
async def module(request: Request, name: str, user: SignedIn) -> Response:
    """One file of the page: scripts and icons, without data. For anybody signed in, so that the page can say what is missing."""
    response = await _files.get_response(name, request.scope)
    response.headers.update(POLICY)
    return response
