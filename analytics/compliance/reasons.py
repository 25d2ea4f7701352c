"""Why something was decided: the codes of every decision, by what they may be given for."""

from dataclasses import dataclass

NO_ISSUE = ("closed_no_issue",)
FALSE_POSITIVE = ("closed_false_positive",)
CASE_ENDS = ("no_action", "near_miss", "breach_internal")


@dataclass(frozen=True)
class Reason:
    """One code. ``states`` are the states it may lead to."""

    code: str
    group: str
    text: str
    states: tuple[str, ...]


REASONS: dict[str, Reason] = {
    reason.code: reason
    for reason in (
        # Explained: what was seen is real and has a reason.
        Reason("hedge", "Explained", "Hedge of an existing position", (*NO_ISSUE, "no_action")),
        Reason("client_instruction", "Explained", "Documented instruction of a client", (*NO_ISSUE, "no_action")),
        Reason("mandate", "Explained", "Within the mandate of the account", (*NO_ISSUE, "no_action")),
        Reason("market_making", "Explained", "Quoting under a market maker's obligation", (*NO_ISSUE, "no_action")),
        Reason("public_news", "Explained", "Traded after the news was public", (*NO_ISSUE, "no_action")),
        Reason("execution_algorithm", "Explained", "Normal working of an execution algorithm", (*NO_ISSUE, "no_action")),
        Reason("portfolio_rebalance", "Explained", "Planned rebalancing of a portfolio", (*NO_ISSUE, "no_action")),
        Reason("corporate_action", "Explained", "Follows from a corporate action", (*NO_ISSUE, "no_action")),
        Reason("preclearance", "Explained", "Cleared beforehand", (*NO_ISSUE, "no_action")),
        Reason("no_benefit", "Explained", "Nobody gained, and no pattern repeats", (*NO_ISSUE, "no_action")),
        Reason("genuine_error", "Explained", "Genuine error, put right at once", (*NO_ISSUE, "no_action", "breach_internal")),
        # False alarm: what was seen is not what the rule looks for.
        Reason("different_owner", "False alarm", "The owners are not linked", FALSE_POSITIVE),
        Reason("reference_data", "False alarm", "Wrong or late reference data", FALSE_POSITIVE),
        Reason("data_error", "False alarm", "Wrong, late or doubled data", FALSE_POSITIVE),
        Reason("clock_error", "False alarm", "Clocks of two sources disagree", FALSE_POSITIVE),
        Reason("test_order", "False alarm", "Test or canary", FALSE_POSITIVE),
        Reason("illiquid", "False alarm", "Usual for an instrument that trades little", FALSE_POSITIVE),
        Reason("market_wide", "False alarm", "The whole market moved alike", FALSE_POSITIVE),
        Reason("threshold", "False alarm", "Threshold too low for this segment", FALSE_POSITIVE),
        Reason("model_ranked_low", "False alarm", "Ranked low by the model and read as such", FALSE_POSITIVE),
        Reason("duplicate", "False alarm", "The same conduct is in another alert or case", (*FALSE_POSITIVE, "no_action")),
        Reason("language", "False alarm", "Words taken out of their context", FALSE_POSITIVE),
        # Going on.
        Reason("suspicion", "Going on", "Conduct that may be abuse", ("escalated", "stor_draft")),
        Reason("repeat", "Going on", "It repeats earlier conduct", ("escalated", "stor_draft")),
        Reason("linked_conduct", "Going on", "Part of conduct seen elsewhere", ("escalated",)),
        Reason("second_opinion", "Going on", "A second level must judge", ("escalated",)),
        Reason("ask_desk", "Going on", "The desk is asked to explain", ("info_requested",)),
        Reason("ask_venue", "Going on", "A venue or broker is asked for data", ("info_requested",)),
        Reason("answer_received", "Going on", "The answer has come", ("in_review", "investigation")),
        # How a case ends.
        Reason("suspicion_dispelled", "Case", "The suspicion did not hold", CASE_ENDS[:2]),
        Reason("below_reasonable_suspicion", "Case", "Short of a reasonable suspicion", ("near_miss",)),
        Reason("policy_breach", "Case", "Breach of a house rule", ("breach_internal",)),
        Reason("limit_breach", "Case", "Breach of a limit", ("breach_internal",)),
        Reason("training_need", "Case", "A gap of training or of supervision", ("breach_internal", "near_miss")),
        Reason("regulator_done", "Case", "The regulator has no further question", ("closed",)),
        Reason("decided", "Case", "The decision stands, nothing is open", ("closed",)),
        Reason("reported", "Case", "Sent to the regulator", ("stor_submitted", "regulator_follow_up")),
        # Back.
        Reason("new_facts", "Back", "New facts have come up", ("reopened", "investigation")),
        Reason("closed_in_error", "Back", "Closed by mistake", ("reopened", "investigation")),
        Reason("quality_review", "Back", "Quality review asks for another look", ("reopened", "investigation")),
    )
}  # fmt: skip


def fitting(state: str) -> list[Reason]:
    """Return the codes that may be given for a move to ``state``."""
    return [reason for reason in REASONS.values() if state in reason.states]


def needed(state: str) -> bool:
    """Whether a move to ``state`` needs a code and words."""
    return state not in {"triaged", "assigned", "in_review", "investigation", "stor_approved"}
