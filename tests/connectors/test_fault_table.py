"""Every fault that a sandbox server knows, against everything that its connector does: what is to be done next is always right.

The kinds come from the servers themselves, so a new one is tested as soon as it is there. A fault strikes once, then for ever.
"""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest
from fault_cases import CASES, READINGS, WRITINGS, Patient, outcome, refused_alone

from connectors.errors import AuthError, EditionError, PermanentError, RateLimitError, SyncError, TransientError
from sandbox.client import SandboxClient
from sandbox.running import serve
from sandbox.system import SYSTEMS, load

WRITING = "POST|PUT|PATCH|DELETE"
BEHIND_LOGIN = r"^(?!.*(/login|/oauth2/))"
RETRY_AFTER = 3
Failure = type[SyncError] | None


@dataclass(frozen=True)
class Fate:
    """What a fault comes to: the error of a call struck once and for ever, None where it is got over, and the states that a write
    may come to. A write without a state was not sent, or the server said plainly that it did nothing."""

    once: Failure = None
    lasting: Failure = TransientError
    written_once: tuple[str, ...] = ("done", "unknown")
    written_lasting: tuple[str, ...] = ("unknown",)


def refusal(once: Failure, lasting: Failure) -> Fate:
    """The server says no: nothing was done, and nothing is `unknown`."""
    return Fate(once, lasting, ("not sent",) if once else ("done",), ("not sent",))


PASSING = Fate()
SPOILED = Fate(written_lasting=("done", "unknown"))  # what says nothing in its body cannot be spoiled
HARMLESS = Fate(None, None, ("done",), ("done",))
TOKENS = (("salesforce", "401"), ("salesforce", "token"), ("forcemanager", "401"))  # a new login cures what has ended
FATES = {
    "429": refusal(None, RateLimitError),
    "500": PASSING,
    "502": PASSING,
    "503": PASSING,
    "html": PASSING,
    "cut": PASSING,
    "lost": PASSING,
    "half": SPOILED,
    "broken": SPOILED,
    "blank": SPOILED,
    "shape": Fate(once=TransientError, written_once=("done", "unknown"), written_lasting=("done", "unknown")),
    "page": Fate(once=TransientError, written_once=("unknown",)),
    "redirect": refusal(PermanentError, PermanentError),
    "401": refusal(AuthError, AuthError),
    "slow": HARMLESS,
    "doubled": HARMLESS,
    "twice": Fate(None, None, ("done", "failed"), ("done", "failed")),  # the second delivery finds the first one's record there
    **{token: refusal(None, AuthError) for token in TOKENS},
    **{(*token, "sign_in"): refusal(AuthError, AuthError) for token in TOKENS},
    ("salesforce", "limit"): refusal(RateLimitError, RateLimitError),
    ("salesforce", "disabled"): refusal(EditionError, EditionError),
    ("activecampaign", "401"): Fate(
        None, AuthError, ("not sent",), ("not sent",)
    ),  # a 403, and readings ask twice more after one
    ("forcemanager", "408"): PASSING,
    ("forcemanager", "900"): refusal(None, RateLimitError),
}
OF_ONE_RECORD = {"bad_record", "row_lock"}
NOT_APPLICABLE = {
    ("forcemanager", "twice", "create"): "nothing that a create carries is unique there: no client can tell a second delivery",
}


def fate_of(system: str, kind: str, what: str = "") -> Fate:
    """What the fault comes to in this system."""
    return FATES.get((system, kind, what)) or FATES.get((system, kind)) or FATES[kind]


FAULTS = [(case, kind) for case in CASES for kind in sorted(load(case.system).faults) if kind not in OF_ONE_RECORD]
ROW_FAULTS = [(case, kind) for case in CASES for kind in sorted(load(case.system).row_faults)]
by_name = pytest.mark.parametrize(("case", "kind"), FAULTS, ids=lambda each: getattr(each, "system", each))


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """Every system, served once."""
    with ExitStack() as stack:
        yield {case.system: stack.enter_context(serve(case.system)) for case in CASES}


@pytest.fixture
def patient(case, servers) -> Iterator[Patient]:
    """A system with a connector that has signed in."""
    made = Patient(case, servers[case.system])
    made.warm()
    yield made
    made.client.clear_faults()


def arm(patient: Patient, kind: str, times: int, path: str | None = BEHIND_LOGIN, method: str | None = None) -> None:
    """Arm a fault; what is slow is still quick enough."""
    options = {"429": {"retry_after": RETRY_AFTER}, "slow": {"seconds": 0.01}}.get(kind, {})
    patient.client.fault(kind, times=times, path=path, method=method, **options)


def check_writing(patient: Patient, what: str, kind: str, times: int, fate: Fate) -> None:
    """Write; what is told is what was done, and nothing is done twice."""
    write, count = WRITINGS[what](patient)
    arm(patient, kind, times, method=WRITING)
    state, error = outcome(patient, write)
    patient.client.clear_faults()
    wanted, failure = (fate.written_once, fate.once) if times == 1 else (fate.written_lasting, fate.lasting)
    assert state in wanted, (what, times, state, error)
    assert count() in {"done": (1,), "not sent": (0,)}.get(state, (0, 1)), (what, times, state)
    assert state != "not sent" or isinstance(error, failure or SyncError)


def test_every_system_and_every_fault_has_its_place_in_the_table():
    assert {case.system for case in CASES} == set(SYSTEMS)
    known = {key if isinstance(key, str) else key[1] for key in FATES}
    assert known | OF_ONE_RECORD == {kind for case in CASES for kind in load(case.system).faults}


@by_name
def test_a_fault_that_strikes_what_is_read(patient, case, kind):
    for what, attempt in READINGS.items():
        fate = fate_of(case.system, kind, what)
        for times, failure in ((1, fate.once), (-1, fate.lasting)):
            arm(patient, kind, times, path=None if what == "sign_in" else BEHIND_LOGIN)
            patient.pauses.clear()
            if failure is None:
                attempt(patient)
            else:
                with pytest.raises(failure) as caught:
                    attempt(patient)
                assert isinstance(caught.value, RateLimitError) is (failure is RateLimitError)
            patient.client.clear_faults()
            if (kind, times) == ("429", 1):
                assert [RETRY_AFTER <= pause < RETRY_AFTER + 1 for pause in patient.pauses] == [True]


@by_name
def test_a_fault_that_strikes_what_is_written(patient, case, kind):
    for what in WRITINGS:
        if what not in case.cannot and (case.system, kind, what) not in NOT_APPLICABLE:
            check_writing(patient, what, kind, 1, fate_of(case.system, kind))
            check_writing(patient, what, kind, -1, fate_of(case.system, kind))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_an_answer_that_comes_too_late_is_no_answer(patient, case):
    patient.client.fault("slow", seconds=0.4)
    READINGS["find"](patient)
    for what in WRITINGS.keys() - case.cannot:
        write, count = WRITINGS[what](patient)
        patient.client.fault("slow", seconds=0.4, method=WRITING)
        state, error = outcome(patient, write)
        assert state in ("done", "unknown"), (what, error)
        assert count() in ((1,) if state == "done" else (0, 1))


@pytest.mark.parametrize(("case", "kind"), ROW_FAULTS, ids=lambda each: getattr(each, "system", each))
def test_a_record_that_is_refused_is_refused_alone(patient, case, kind):
    assert kind in OF_ONE_RECORD
    refused = refused_alone(patient, kind)
    assert (bool(refused.code), bool(refused.message), refused.is_transient) == (True, True, kind == "row_lock")


@pytest.mark.parametrize("form", ["other", "empty", "null", "nulls"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_json_of_another_shape_is_named_with_system_and_route_and_without_values(patient, case, form):
    for what, attempt in READINGS.items():
        patient.person()
        patient.client.fault("shape", form=form, times=-1, path=None if what == "sign_in" else BEHIND_LOGIN)
        with pytest.raises(TransientError, match=r"not as its API does: .*(xpected|missing)") as caught:
            attempt(patient)
        patient.client.clear_faults()
        assert case.system in str(caught.value).casefold()
        assert "@" not in str(caught.value)


@pytest.mark.parametrize("form", ["other", "empty", "null", "nulls", "ids"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_a_write_whose_answer_has_another_shape_is_looked_up_before_a_repeat(patient, case, form):
    for what in WRITINGS.keys() - case.cannot:
        write, count = WRITINGS[what](patient)
        patient.client.fault("shape", form=form, times=-1, path=BEHIND_LOGIN)  # what is read for the write, too
        state, error = outcome(patient, write)
        patient.client.clear_faults()
        assert state in ("done", "unknown", "not sent"), (what, state, error)
        assert state != "not sent" or isinstance(error, TransientError)
        assert count() in {"done": (1,), "not sent": (0,)}.get(state, (0, 1)), (what, state, error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_what_the_users_and_fields_are_is_not_made_of_another_shape(patient, case):
    for form in ("other", "empty", "null", "nulls"):
        patient.client.fault("shape", form=form, times=-1, path=BEHIND_LOGIN)
        for ask in (lambda made: made.describe("contact"), lambda made: made.users()):
            made = patient.connect()
            before = sum(made._calls.session.calls.values()) if hasattr(made, "_calls") else 0
            try:
                ask(made)
            except TransientError:
                continue
            assert sum(made._calls.session.calls.values()) == before, "only what asks nothing gets over it"
        patient.client.clear_faults()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_ids_of_another_type_are_refused_or_taken_but_break_nothing(patient, case):
    for what, attempt in READINGS.items():
        patient.person()
        patient.client.fault("shape", form="ids", times=-1, path=None if what == "sign_in" else BEHIND_LOGIN)
        with suppress(TransientError, AssertionError):  # taken, the ids are other ones than those asked for
            attempt(patient)
        patient.client.clear_faults()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_a_login_that_fails_tells_nothing_secret(patient, case):
    for kind in ("broken", "page", "blank"):
        patient.client.fault(kind, times=-1)
        with pytest.raises(TransientError) as caught:
            READINGS["sign_in"](patient)
        patient.client.clear_faults()
        assert not [word for word in ("access_token", 'token"', "00D5", "sandbox-") if word in str(caught.value)]


@pytest.mark.parametrize("kind", ["500", "cut", "half", "broken"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_a_list_that_breaks_off_between_its_pages_is_never_taken_for_whole(patient, case, kind):
    patient.client.insert(case.kind, [patient.somebody() for _ in range(230)])
    patient.client.fault(kind, after=1)
    READINGS["read_changes"](patient)
    if not patient.client.faults():  # there was a second page
        patient.client.fault(kind, after=1, times=-1)
        with pytest.raises(TransientError):
            READINGS["read_changes"](patient)
