"""Which provider does a stage: the first that can, and the next when that refuses."""

import pytest

from backend.errors import OutOfService, Permanent, Refused, Transient
from workers.calls.choice import ProviderChoice


def choose(*names: str, unable: str = "", dear: str = "") -> ProviderChoice:
    def check(name: str) -> None:
        if name == unable:
            raise Permanent(f"{name} has no model")

    def require_budget(name: str) -> None:
        if name in dear.split():
            raise Refused(f"maxCost: {name} is too much")

    return ProviderChoice(names, lambda name: name, check, require_budget)


def test_the_first_does_it_and_nothing_is_told():
    choice = choose("a", "b")
    assert choice.do(str.upper) == "A"
    assert choice.warnings == []


def test_one_that_cannot_is_passed_over_and_the_reason_is_told():
    choice = choose("a", "b", unable="a")
    assert choice.do(str.upper) == "B"
    assert choice.warnings == ["Not done by a: a has no model"]


@pytest.mark.parametrize("error", [Refused("no credit"), OutOfService("does not answer", 60)])
def test_one_that_refuses_or_does_not_answer_is_followed_by_the_next(error):
    def work(name: str) -> str:
        if name == "a":
            raise error
        return name

    choice = choose("a", "b")
    assert choice.do(work) == "b"
    assert choice.warnings == [f"Not done by a: {error}"]


@pytest.mark.parametrize("error", [Permanent("bad input"), Transient("a moment")])
def test_what_is_wrong_with_the_work_itself_is_wrong_for_all(error):
    asked = []

    def work(name: str) -> None:
        asked.append(name)
        raise error

    with pytest.raises(type(error)):
        choose("a", "b").do(work)
    assert asked == ["a"]


def test_where_none_can_all_reasons_are_told():
    with pytest.raises(Permanent, match=r"^a has no model$"):
        choose("a", unable="a").get_first()

    def refuse(name: str) -> None:
        raise Refused(f"{name} refuses")

    with pytest.raises(Permanent, match=r"^a has no model; b refuses$"):
        choose("a", "b", unable="a").do(refuse)


def test_one_that_may_do_it_later_is_waited_for():
    def work(name: str) -> None:
        raise OutOfService("a does not answer", 60) if name == "a" else Refused("b refuses")

    with pytest.raises(OutOfService, match="a does not answer"):
        choose("a", "b").do(work)


def test_a_fallback_that_costs_too_much_is_not_taken_and_all_reasons_are_told():
    choice = choose("a", "b", "c", unable="a", dear="b")
    assert choice.do(str.upper) == "C"
    assert choice.warnings == [
        "Not done by a: a has no model",
        "Not done by b: maxCost: b is too much",
    ]
    with pytest.raises(Permanent, match=r"^a has no model; maxCost: b is too much$"):
        choose("a", "b", unable="a", dear="b").do(str.upper)


def test_a_first_choice_that_costs_too_much_is_not_replaced_behind_its_users_back():
    asked = []
    with pytest.raises(Permanent, match=r"^maxCost: a is too much$"):
        choose("a", "b", dear="a").do(asked.append)
    assert asked == []


def test_what_is_only_looked_for_is_not_paid_for():
    assert choose("a", "b", dear="a b").get_first() == "a"
