"""Verdicts: the reports of whole studies, through the gateway's own pipeline, to be compared between providers.

A repository for GPUs asks the 3D expert about every study, one for CPUs in the grey zone only. Both rules are tried, so
that a flip by the arithmetic is not confused with one by the rule.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from benchmarks.gpu.in_process_pipeline import in_process_pipeline, report_of
from benchmarks.gpu.providers import SERVED, Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting
from screening.results.model_card import ModelCard
from screening.results.report import Report

GREY_ZONE, EVERY_STUDY = "in the grey zone", "about every study"


async def verdicts(setting: Setting, provider: Provider) -> AsyncIterator[Row]:
    """One row a study and rule: verdict, probability, key slice, and the code of an error."""
    async with in_process_pipeline(setting, provider) as pipeline:
        for number, path in enumerate(setting.uploads):
            for rule, card in _cards(setting, provider).items():
                report = await report_of(pipeline.with_card(card), path)
                yield {"study": number, "expert": rule, **_outcome(report)}


def _cards(setting: Setting, provider: Provider) -> dict[str, ModelCard]:
    """The provider's card with the CPU's rule about the 3D expert, and as it is if it has another one."""
    as_served, own = setting.card(SERVED), setting.card(provider)
    cards = {GREY_ZONE: replace(own, expert3d=as_served.expert3d)}
    if own.expert3d and own.expert3d.every_study:
        cards[EVERY_STUDY] = own
    return cards


def _outcome(report: Report) -> Row:
    evidence = report.body.get("evidence") or {}
    return {
        "verdict": report.verdict.value,
        "probability": report.body.get("probability"),
        "key_slice": evidence["key_slice"]["slice"] if evidence else None,
        "expert_asked": "expert3d" in evidence,
        "error": report.error.code if report.error else None,
    }
