"""The groups of topics of the keypad menu: by ear nobody can choose among fifty. A topic of no group is asked in words only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

GROUP = "group."
# In the order of the menu while nothing is known of what people ask. Where to find counselling and what is stored have keys too.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "money": (
        "money_reag_garp", "money_second_instalment", "laender_programmes", "reintegration_eurp", "business_job_training",
        "housing_after", "repayment_costs", "debts_contracts", "pension_refund",
    ),
    "return": (
        "who_eligible", "how_to_apply", "vr_basics", "processing_time", "entitlement", "change_mind", "statistics_policy",
    ),
    "counselling": (
        "counselling_where", "counselling_what", "counselling_confidential", "hotline_contact", "language_interpreter",
    ),
    "journey": (
        "country_list_status", "documents_travel", "country_conditions", "border_crossing_cert", "flight_airport", "luggage",
        "third_country", "kosovo_ura", "ukraine", "eu_visafree_limits",
    ),
    "law": (
        "departure_deadline", "entry_ban", "rejected_options", "residence_status_effect", "asylum_claim_effect", "dublin",
        "detention_deportation", "come_back_later", "deregistration_benefits",
    ),
    "family": (
        "medical_needs", "family_children", "pregnancy", "school_docs", "unaccompanied_minor", "vulnerable_trafficking",
        "crisis_selfharm_violence",
    ),
}  # fmt: skip
GROUP_TEXT_KEYS = frozenset(f"{GROUP}{name}" for name in GROUPS)


def grouped(topics: Sequence[str], asked: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The groups with their topics, both in the order of what is asked most; ties keep the order of the table.

    Args:
        topics: those there are.
        asked: topic -> how often it was asked lately.
    """
    known = frozenset(topics)
    found = {name: most_first((one for one in members if one in known), asked) for name, members in GROUPS.items()}
    weights = {name: sum(asked.get(topic, 0) for topic in members) for name, members in found.items()}
    return {name: found[name] for name in most_first(found, weights)}


def most_first(names: Iterable[str], asked: Mapping[str, int]) -> tuple[str, ...]:
    """Names by how often they were asked for; ties keep their order."""
    return tuple(sorted(names, key=lambda name: -asked.get(name, 0)))
