"""Which rule decides: order, conditions, and attributes that are absent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.matching import Fit, decide, fit_of
from gateway.pacs.routing.rule import RoutingRule
from tests.unit.gateway.pacs.routing.studies import screened, study, unscreened

WORDS = st.sampled_from(["CT", "PT", "CHEST", "HEAD", "CT1", "*", "C*", "?T"])
MAYBE_WORDS = st.lists(WORDS, max_size=2)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.lists(st.sampled_from(Source), max_size=2, unique=True),
        "sender": MAYBE_WORDS,
        "modality": MAYBE_WORDS,
        "body_part": MAYBE_WORDS,
        "study_description": MAYBE_WORDS,
        "series_description": MAYBE_WORDS,
        "station": MAYBE_WORDS,
        "age_from": st.integers(0, 40),
        "age_to": st.integers(40, 90),
    },
)
VALUES = st.sampled_from(["CT", "PT", "CHEST", "HEAD", "CT1", ""])
STUDIES = st.builds(
    StudyAttributes,
    source=st.sampled_from(Source),
    sender=VALUES,
    modalities=st.frozensets(st.sampled_from(["CT", "PT", "SR", ""]), max_size=2),
    body_parts=st.frozensets(VALUES, max_size=2),
    stations=st.frozensets(VALUES, max_size=2),
    study_description=VALUES,
    series_descriptions=st.lists(VALUES, max_size=3).map(tuple),
    age_years=st.none() | st.floats(0, 110),
)


@st.composite
def tables(draw: st.DrawFn) -> list[RoutingRule]:
    made = []
    for number in range(draw(st.integers(0, 4))):
        make = draw(st.sampled_from([screened, unscreened]))
        conditions = draw(CONDITIONS)
        if make is screened or conditions.get("source") != [Source.UPLOAD]:
            made.append(make(f"rule {number}", **conditions))
    return made


def test_without_a_rule_every_ct_is_screened() -> None:
    assert decide([], study()) == Decision(screen=True)
    assert decide([unscreened("head", body_part=["HEAD"])], study()) == Decision(screen=True)


def test_the_first_rule_that_fits_wins() -> None:
    rules = [
        unscreened("off", station=["*"]).model_copy(update={"enabled": False}),
        screened("other sender", sender=["CT2"]),
        screened("emergency", urgent=True, destinations=["archive"], sender=["CT*"]),
        unscreened("the rest"),
    ]
    assert decide(rules, study()) == Decision(True, True, ("archive",), "emergency")
    assert decide(rules, study(sender="MR1")) == Decision(False, rule="the rest")


@given(tables(), STUDIES)
def test_rules_after_a_decision_change_nothing(rules: list[RoutingRule], attributes: StudyAttributes) -> None:
    decision = decide(rules, attributes)
    position = next((number for number, rule in enumerate(rules) if rule.name == decision.rule), None)
    if position is not None and decision.certain:
        assert decide(rules[: position + 1], attributes) == decision
        assert fit_of(rules[position], attributes) is Fit.YES
        firm = [rule for rule in rules[:position] if fit_of(rule, attributes) is Fit.YES]
        assert not firm or attributes.source is Source.UPLOAD


@given(tables(), STUDIES)
def test_a_study_is_left_unscreened_only_by_a_rule_of_which_every_fact_is_known(
    rules: list[RoutingRule], attributes: StudyAttributes
) -> None:
    decision = decide(rules, attributes)
    if decision.screen:
        return
    assert attributes.source is not Source.UPLOAD
    if decision.rule is None:
        assert attributes.modalities
        assert not attributes.modalities & {"CT", ""}
        return
    position = next(number for number, rule in enumerate(rules) if rule.name == decision.rule)
    assert fit_of(rules[position], attributes) is Fit.YES
    assert all(fit_of(rule, attributes) is Fit.NO for rule in rules[:position] if rule.action.screen)


@pytest.mark.parametrize(
    "gone",
    [
        {"modalities": frozenset()},
        {"body_parts": frozenset()},
        {"body_parts": frozenset({"HEAD", ""})},
        {"stations": frozenset()},
        {"study_description": " "},
        {"series_descriptions": ()},
        {"age_years": None},
        {"age_years": float("nan")},
    ],
)
@given(rules=tables(), attributes=STUDIES)
def test_a_fact_that_goes_missing_never_stops_the_screening(
    gone: dict[str, object], rules: list[RoutingRule], attributes: StudyAttributes
) -> None:
    """Only attributes of one value a condition: where one series of several loses its own, the others still speak."""
    known = replace(attributes, body_parts=frozenset({"HEAD", "CHEST"}))
    if decide(rules, known).screen:
        assert decide(rules, replace(known, **gone)).screen  # type: ignore[arg-type]


def test_a_rule_that_a_missing_fact_alone_keeps_from_fitting_goes_before_one_that_does_not_screen() -> None:
    rules = [screened("chests", destinations=["pacs"], body_part=["CHEST"]), unscreened("the rest")]
    unlabelled = study(body_parts=frozenset())
    assert decide(rules, unlabelled) == Decision(True, destinations=("pacs",), rule="chests", certain=False)
    assert decide(rules, study(body_parts=frozenset({"HEAD"}))) == Decision(False, rule="the rest")


def test_a_missing_fact_makes_nothing_urgent_while_the_study_is_screened_anyway() -> None:
    rules = [screened("emergency", urgent=True, station=["ER*"])]
    assert decide(rules, study(stations=frozenset())) == Decision(screen=True)


def test_a_rule_that_does_not_screen_needs_every_series() -> None:
    rules = [unscreened("scouts", series_description=["*scout*"]), unscreened("heads", body_part=["HEAD"])]
    assert decide(rules, study(body_parts=frozenset({"HEAD", "CHEST"}))).screen
    assert decide(rules, study(series_descriptions=("Scout", "Scout lateral"))).rule == "scouts"
    assert decide(rules, study(body_parts=frozenset({"HEAD", ""}))).screen


def test_a_rule_that_screens_needs_one_series() -> None:
    rules = [screened("lungs", series_description=["*LUNG*"]), unscreened("the rest")]
    assert decide(rules, study()).rule == "lungs"


def test_any_modality_of_the_study_fits() -> None:
    rules = [unscreened("PET-CT", modality=["PT"])]
    assert decide(rules, study(modalities=frozenset({"CT", "PT"}))) == Decision(False, rule="PET-CT")


def test_what_holds_no_ct_is_not_screened_whatever_the_rules_say() -> None:
    assert not decide([screened("all")], study(modalities=frozenset({"MR"}))).screen
    for unknown in ([], [""], ["MR", ""]):
        assert decide([], study(modalities=frozenset(unknown))).screen


@pytest.mark.parametrize(("age", "fits"), [(17.99, Fit.NO), (18.0, Fit.YES), (70.9, Fit.YES), (71.0, Fit.NO)])
def test_ages_are_completed_years(age: float, fits: Fit) -> None:
    assert fit_of(screened("adults", age_from=18, age_to=70), study(age_years=age)) is fits


def test_an_upload_is_always_screened_and_its_result_goes_nowhere_unless_a_rule_says_so() -> None:
    rules = [unscreened("nothing"), screened("local", destinations=["archive"], source=["upload"])]
    upload = study(source=Source.UPLOAD, modalities=frozenset())
    assert decide(rules, upload) == Decision(True, destinations=("archive",), rule="local")
    assert decide(rules[:1], upload) == decide([], upload) == Decision(screen=True, destinations=())
    assert decide([screened("all")], upload) == Decision(screen=True, rule="all")
