from __future__ import annotations

from obstack_lab.review.journal import (
    AlertEntry,
    ChangeEntry,
    ComponentEntry,
    CriterionEntry,
    QueryEntry,
)


def lines(review):
    return [(line.at, line.lane, line.text) for line in review.timeline]


def test_queries_in_a_row_share_one_line_with_the_different_ones_once(judge) -> None:
    looked = [line for line in judge().timeline if line.lane == "looked"]
    assert [line.at for line in looked] == [-20, 45]
    assert looked[1].text == "You looked at metrics 4 ×, logs 1 ×, traces 1 × until 01:11"
    assert len(looked[1].detail) == 4
    assert looked[1].detail[0].endswith("(3 ×)")


def test_many_different_queries_are_cut_with_a_count(judge, journal, run) -> None:
    many = [
        QueryEntry(at=run.started_at + 210 + n / 10, language="promql", query=f"up == {n}")
        for n in range(20)
    ]
    line = [line for line in judge(journal=[*journal, *many]).timeline if line.lane == "looked"][-1]
    assert line.detail[-1] == "and 14 others"


def test_the_story_tells_who_did_what(judge) -> None:
    told = lines(judge())
    assert told == sorted(told, key=lambda line: line[0])
    for line in (
        (0, "system", "The incident has begun."),
        (1, "system", "The fault 'orders-change' (release) sets in"),
        (1, "system", "orders was deployed: 1.4.2 → 1.5.0"),
        (5, "people", "Marketing: The newsletter is on its way."),
        (10, "system", "Other traffic sets in"),
        (26, "users", "“Orders that are placed” fails"),
        (33, "system", "Alert CheckoutFailing fires"),
        (40, "you", "You declared: sev2"),
        (41, "you", "You acknowledged alert CheckoutFailing"),
        (80, "you", "You noted: orders waits for <b>connections</b>"),
        (90, "people", "A hint you asked for: Read the change log."),
        (126, "you", "You did rollback service=orders: 1.5.0 → 1.4.2"),
        (127, "system", "The fault 'orders-change' (release) is gone"),
        (150, "system", "Users are well again."),
        (200, "you", "You wrote up the cause"),
        (240, "system", "You finished the run."),
    ):
        assert line in told


def test_noise_is_left_out(judge) -> None:
    texts = [text for _, _, text in lines(judge())]
    assert not [text for text in texts if "cannot be judged" in text or "pending" in text]
    assert len([text for text in texts if "rollback" in text]) == 1


def test_a_verdict_that_flutters_is_told_once(judge, journal, run) -> None:
    flutter = [
        CriterionEntry(
            at=run.started_at + 60 + n, id="checkout-success", verdict=verdict, value=None
        )
        for n, verdict in enumerate(["pass", "fail", "inconclusive", "fail"])
    ]
    told = [line for line in lines(judge(journal=[*journal, *flutter])) if line[1] == "users"]
    assert [at for at, *_ in told] == [26, 63, 138]


def test_the_learners_own_change_is_told_by_the_action_alone(judge, journal, run) -> None:
    own = ChangeEntry(at=run.started_at + 126, who="you", component="orders", what="rollback")
    died = ComponentEntry(at=run.started_at + 90, component="orders", what="died")
    told = [text for *_, text in lines(judge(journal=[*journal, own, died]))]
    assert "orders was rolled back" not in told
    assert "orders died" in told


def test_charts_are_marked_where_something_happened(judge, journal, run) -> None:
    noise = [
        AlertEntry(
            at=run.started_at + 50 + n, name=f"Noise{n % 9}", severity="page", state="firing"
        )
        for n in range(40)
    ]
    marks = judge(journal=[*journal, *noise]).marks
    assert sum(mark.kind == "alert" for mark in marks) == 5
    assert [(m.at, m.kind, m.text) for m in judge().marks] == [
        (0, "incident", "incident"),
        (1, "change", "orders deploy 1.5.0"),
        (33, "alert", "alert CheckoutFailing"),
        (126, "action", "rollback orders"),
        (150, "mitigated", "mitigated"),
        (150, "resolved", "resolved"),
    ]
