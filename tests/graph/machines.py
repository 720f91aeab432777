"""Make up state machines for property tests: any shape, nested, with loops and strange names."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=80
)
PLAIN_NAMES = st.sampled_from(
    ["A", "FaceDetection", "Notify me", "x" * 80, "検証してサムネイルを作成する", "<b>&amp;</b>"]
)
ERRORS = st.lists(
    st.sampled_from(["States.ALL", "States.Timeout", "PhotoDoesNotMeetRequirementError"]),
    min_size=1,
    max_size=3,
)


@st.composite
def machines(draw: st.DrawFn, depth: int = 2, prefix: str = "") -> dict[str, Any]:
    """Return a definition of one to seven states at each level, at most `depth` levels inside."""
    count = draw(st.integers(1, 7))
    base = draw(st.lists(PLAIN_NAMES | NAMES, min_size=count, max_size=count))
    names = [f"{prefix}{number}{name}" for number, name in enumerate(base)]
    target = st.sampled_from(names)
    states: dict[str, Any] = {}
    for number, name in enumerate(names):
        types = ["Task", "Pass", "Wait", "Choice", "Succeed", "Fail"]
        type_ = draw(st.sampled_from(types + ["Parallel", "Map"] * (depth > 0)))
        state: dict[str, Any] = {"Type": type_}
        if type_ == "Choice":
            rules = draw(st.lists(target, min_size=1, max_size=4))
            state["Choices"] = [
                {"Variable": "$.kind", "StringEquals": f"rule {i}", "Next": rule}
                for i, rule in enumerate(rules)
            ]
            if draw(st.booleans()):
                state["Default"] = draw(target)
        elif type_ not in ("Succeed", "Fail"):
            following = names[number + 1] if number + 1 < count else None
            next_ = draw(st.sampled_from([following, following, None]) | target)
            state |= {"Next": next_} if next_ else {"End": True}
        if type_ in ("Task", "Parallel", "Map"):
            catchers = draw(st.lists(st.tuples(ERRORS, target), max_size=3))
            state["Catch"] = [{"ErrorEquals": errors, "Next": to} for errors, to in catchers]
        if type_ == "Parallel":
            branches = draw(st.integers(1, 3))
            state["Branches"] = [
                draw(machines(depth - 1, f"{prefix}{number}.{branch}."))
                for branch in range(branches)
            ]
        if type_ == "Map":
            state["ItemProcessor"] = draw(machines(depth - 1, f"{prefix}{number}."))
        states[name] = state
    return {"StartAt": draw(st.sampled_from([names[0], *names])), "States": states}
