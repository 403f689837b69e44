"""Answers of the wrong shape, and refusals that say why in a shape that nobody expects."""

import json

import pytest
from transport import response

from connectors import (
    activecampaign_calls,
    forcemanager_calls,
    freshdesk_calls,
    getresponse_calls,
    lemontaps_calls,
    salesforce_calls,
)
from connectors.errors import TransientError
from connectors.session import LostAnswerError
from connectors.shapes import Answers, having, many
from sandbox.damage import FORMS

CALLS = (activecampaign_calls, forcemanager_calls, freshdesk_calls, getresponse_calls, lemontaps_calls)
REFUSALS = (
    {"errors": [{"code": "x", "source": {"pointer": "/a"}, "additional_info": {"user_id": 1}}], "code": 1000, "message": "no"},
    {"error": {"code": "x", "fields": {"email": ["is", "bad"]}}, "context": [{"fieldName": "a"}]},
)
ODD = (
    [], {}, None, 5, "text", [None], [[]], {"errors": "text"}, {"errors": {}}, {"errors": [None]}, {"errors": ["text"]},
    {"errors": [{"source": "text", "additional_info": []}]}, {"code": "text"}, {"code": None}, {"code": {}}, {"error": []},
    {"error": {"fields": ["text"]}}, {"error": {"fields": {"email": "bad"}}}, {"context": 5, "code": 1000}, {"message": []},
)  # fmt: skip


def answered(body, status=200):
    import requests

    asked = requests.Request("GET", "https://acme.example/api/people?email=somebody@example.com").prepare()
    return response(status, {}, body, asked)


@pytest.mark.parametrize("calls", [*CALLS, salesforce_calls], ids=lambda calls: calls.__name__.rpartition(".")[2])
def test_a_refusal_of_any_shape_has_words(calls):
    changed = [change(body) for body in REFUSALS for change in FORMS.values()]
    for body in (*ODD, *REFUSALS, *changed):
        read = body if calls is salesforce_calls else answered(json.dumps(body), 422)
        problem = calls.problem_of(read)
        assert isinstance(problem.message, str)
    if calls is not salesforce_calls:
        assert calls.problem_of(answered("no JSON", 422)).message


def test_what_is_wrong_is_named_and_no_value_is():
    shape = many(having("id"))
    with pytest.raises(TransientError) as caught:
        Answers("Acme").read(answered('[{"email": "somebody@example.com"}]'), shape)
    assert str(caught.value).startswith(
        "Acme answered GET acme.example/api/people?email with 200 and not as its API does: "
        "Object missing required field `id` - at `$[0]`. "
    )
    assert "somebody" not in str(caught.value)


def test_what_a_write_came_to_is_not_known_from_another_shape():
    with pytest.raises(LostAnswerError, match="looked up before a repeat"):
        Answers("Acme").written(answered("[]"), having("id"))


def test_what_an_answer_holds_besides_is_kept():
    assert Answers("Acme").read(answered('{"id": 1, "name": "Ada"}'), having("id")) == {"id": 1, "name": "Ada"}
