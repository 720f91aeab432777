"""Make up valid state machines that end: every state type, nested, with loops that are bounded.

Transitions lead forward, but for loops that count; what a state does may fail. `machines` takes
what a Task may call, so that whoever runs the machines decides on it.
"""

from dataclasses import dataclass, field

from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a", "{}", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "list", "n"]), inner, max_size=3)
    ),
    max_leaves=6,
)
INPUTS = VALUES | st.fixed_dictionaries(
    {"a": VALUES, "list": st.lists(VALUES, max_size=3), "n": st.integers(-1, 1)}
)
_PATHS = ["$", "$", "$.a", "$.a.b", "$.list", "$.list[0]", "$.n", "$.none", "$.list[*]", "$..a"]
_PATHS += ["$$.Execution.Name", "$$.State.Name", "$$.Execution.Input.a"]
PATHS = st.sampled_from(_PATHS)
_REFERENCES = ["$", "$.a", "$.a.b", "$.list", "$.list[0]", "$.n", "$.result", "$.result.more"]
REFERENCE_PATHS = st.sampled_from(_REFERENCES)
INTRINSICS = st.sampled_from(
    [
        "States.UUID()",
        "States.Format('{} of {}', $.a, $$.Execution.Name)",
        "States.Array($.a, 1, 'x')",
        "States.ArrayLength($.list)",
        "States.MathAdd($.n, 1)",
        "States.JsonToString($)",
        "States.StringToJson('[1]')",
        "States.ArrayGetItem($.list, 0)",
        "States.JsonMerge($, $.a, false)",
    ]
)
EXPRESSIONS = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a %}",
        "{% $states.input.list[0] %}",
        "{% $count($states.input.list) %}",
        "{% $states.context.Execution.Name & '!' %}",
        "{% {'a': $states.input.n + 1, 'list': [1, 2]} %}",
        "{% $error('no') %}",
    ]
)
ERRORS = st.sampled_from(
    [["States.ALL"], ["States.TaskFailed"], ["Wrong"], ["States.Timeout", "Wrong"]]
)
_COMPARISONS = [
    {"IsPresent": True},
    {"IsNull": False},
    {"IsNumeric": True},
    {"NumericLessThan": 1},
    {"StringEquals": "a"},
    {"StringMatches": "*a*"},
    {"BooleanEquals": True},
    {"NumericEqualsPath": "$.n"},
    {"TimestampLessThan": "2030-01-01T00:00:00Z"},
]
COMPARISONS = st.builds(
    lambda path, comparison: {"Variable": path, **comparison},
    st.sampled_from(["$.a", "$.n", "$.none", "$.list[0]"]),
    st.sampled_from(_COMPARISONS),
)
RULES = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(lambda parts: {"And": parts}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda parts: {"Or": parts}, st.lists(inner, min_size=1, max_size=2))
        | st.builds(lambda part: {"Not": part}, inner)
    ),
    max_leaves=3,
)
_SIMPLE = ["Pass", "Pass", "Task", "Choice", "Wait", "Loop"]
_NESTED = ["Parallel", "Map", "Map"]
JSONPATH, JSONATA = "JSONPath", "JSONata"


@dataclass
class _Names:
    """The names that are given out; no two states of a machine share one."""

    machine_language: str
    count: int = 0
    scopes: list[str] = field(default_factory=list)

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind} {self.count}"


@st.composite
def machines(draw, tasks=(), depth=2, languages=(JSONPATH, JSONATA), distributed=False):
    """Return a valid definition.

    Args:
        draw: hypothesis's own.
        tasks: what Tasks may be: (Resource, Parameters or None); without any there are none.
        depth: how many flows may stand inside each other.
        languages: of the machine; one in JSONPath may have states in JSONata.
        distributed: whether a Map may be a Distributed one.
    """
    names = _Names(draw(st.sampled_from(languages)))
    maker = _Maker(draw, names, tasks, languages, distributed)
    machine = maker.flow(depth)
    if names.machine_language == JSONATA:
        machine["QueryLanguage"] = JSONATA
    if draw(st.booleans()):
        machine["Comment"] = "made up"
    return machine


@st.composite
def spoilt(draw, tasks=(), times=1):
    """Return a definition that was valid until something was put into places of it."""
    definition = draw(machines(tasks))
    for _ in range(times):
        value = definition
        while True:
            key = draw(
                st.sampled_from(list(value) if isinstance(value, dict) else range(len(value)))
            )
            if not isinstance(value[key], (dict, list)) or not value[key] or draw(st.booleans()):
                value[key] = draw(VALUES | PATHS | INTRINSICS | EXPRESSIONS)
                break
            value = value[key]
        if not definition:
            break
    return definition


class _Maker:
    """Draws the parts of one machine."""

    def __init__(self, draw, names, tasks, languages, distributed):
        self.draw = draw
        self.names = names
        self.tasks = tasks
        self.languages = languages
        self.distributed = distributed

    def some(self, *values):
        return self.draw(st.sampled_from(values))

    def flow(self, depth):
        """Return StartAt and States: a chain in which some states lead further ahead."""
        kinds = [*_SIMPLE, *(_NESTED if depth else [])]
        if not self.tasks:
            kinds = [kind for kind in kinds if kind != "Task"]
        chosen = self.draw(st.lists(st.sampled_from(kinds), max_size=4))
        names = [self.names.new(kind) for kind in chosen]
        last = self.names.new("Last")
        states = {}
        for index, (name, kind) in enumerate(zip(names, chosen, strict=True)):
            ahead = [*names[index + 1 :], last]
            states |= self.state(name, kind, ahead, depth)
        states[last] = self.last()
        return {"StartAt": (names or [last])[0], "States": states}

    def state(self, name, kind, ahead, depth):
        """Return the states that stand for one link of the chain, by name."""
        language = self.names.machine_language
        if language == JSONPATH and JSONATA in self.languages:
            language = self.some(JSONPATH, JSONPATH, JSONATA)
        if kind == "Loop":
            return self.loop(name, ahead, language)
        state = {"Type": kind}
        if language != self.names.machine_language:
            state["QueryLanguage"] = language
        if kind == "Choice":
            state |= self.choice(ahead, language)
        else:
            state["Next"] = ahead[0]
        if kind == "Wait":
            state |= self.wait(language)
        if kind == "Task":
            state |= self.task(language)
        if kind == "Parallel":
            count = self.some(1, 2, 3)
            state["Branches"] = [self.flow(depth - 1) for _ in range(count)]
        if kind == "Map":
            state |= self.map(language, depth)
        state |= self.data(kind, language)
        if kind in ("Task", "Parallel", "Map"):
            state |= self.rules_for_errors(ahead, language)
        return {name: state}

    def loop(self, name, ahead, language):
        """Return states that go round twice: set a variable, count it up, ask."""
        variable = f"round{name.split()[1]}"
        count, ask = f"{name} counts", f"{name} asks"
        if language == JSONATA:
            up, rule = f"{{% ${variable} + 1 %}}", {"Condition": f"{{% ${variable} < 2 %}}"}
            key = variable
        else:
            up, rule = f"States.MathAdd(${variable}, 1)", {"Variable": f"${variable}"}
            rule["NumericLessThan"], key = 2, f"{variable}.$"
        own = {} if language == self.names.machine_language else {"QueryLanguage": language}
        choice = {"Choices": [{**rule, "Next": count}], "Default": ahead[0]}
        return {
            name: {"Type": "Pass", **own, "Assign": {variable: 0}, "Next": count},
            count: {"Type": "Pass", **own, "Assign": {key: up}, "Next": ask},
            ask: {"Type": "Choice", **own, **choice},
        }

    def last(self):
        kind = self.some("Succeed", "Pass", "Pass", "Fail")
        if kind == "Fail":
            return {"Type": "Fail", "Error": "Wrong", "Cause": "made up"}
        return {"Type": "Succeed"} if kind == "Succeed" else {"Type": "Pass", "End": True}

    def choice(self, ahead, language):
        def rule():
            if language == JSONATA:
                asked = self.some("{% $states.input.a = 1 %}", "{% true %}", "{% $exists($n) %}")
                return {"Condition": asked}
            return dict(self.draw(RULES))

        rules = [{**rule(), "Next": self.some(*ahead)} for _ in range(self.some(1, 2))]
        return {"Choices": rules, "Default": ahead[0]}

    def wait(self, language):
        past = "2020-01-01T00:00:00Z"
        if language == JSONATA:
            return self.some({"Seconds": "{% 0 %}"}, {"Seconds": 0}, {"Timestamp": past})
        fields = [{"Seconds": 0}, {"Timestamp": past}, {"SecondsPath": "$.none"}]
        return self.some(*fields, {"TimestampPath": "$.a"})

    def task(self, language):
        resource, parameters = self.some(*self.tasks)
        field = "Arguments" if language == JSONATA else "Parameters"
        return {"Resource": resource, **({} if parameters is None else {field: parameters})}

    def map(self, language, depth):
        found = {"ItemProcessor": self.flow(depth - 1), "MaxConcurrency": self.some(0, 1, 2)}
        if self.distributed and self.draw(st.booleans()):
            config = {"Mode": "DISTRIBUTED", "ExecutionType": self.some("STANDARD", "EXPRESS")}
            found["ItemProcessor"]["ProcessorConfig"] = config
        if language == JSONATA:
            items = st.sampled_from(["{% $states.input.list %}", "{% [1, 2] %}", [{"a": 1}]])
            return {**found, "Items": self.draw(items)}
        found["ItemsPath"] = self.draw(st.sampled_from(["$.list", "$", "$.a"]))
        if self.draw(st.booleans()):
            found["ItemSelector"] = {"a.$": "$$.Map.Item.Value", "n.$": "$$.Map.Item.Index"}
        return found

    def data(self, kind, language):
        """Return some of the fields that shape the data of a state."""
        if language == JSONATA:
            output = EXPRESSIONS | st.builds(lambda e: {"a": e, "list": [e, 1]}, EXPRESSIONS)
            fields = {"Output": output}
        else:
            fields = {"InputPath": PATHS | st.none(), "OutputPath": PATHS | st.none()}
            if kind in ("Task", "Parallel", "Map", "Pass"):
                fields["ResultPath"] = REFERENCE_PATHS | st.none()
            if kind in ("Pass", "Parallel"):
                fields["Parameters"] = self.templates()
            if kind == "Pass":
                fields["Result"] = VALUES
            if kind in ("Task", "Parallel", "Map"):
                fields["ResultSelector"] = self.templates()
        return {name: self.draw(values) for name, values in fields.items() if self.some(0, 0, 1)}

    def templates(self):
        keys = st.sampled_from(["a", "list", "b", "n"])
        return st.dictionaries(keys, PATHS | INTRINSICS | VALUES, max_size=3).map(
            lambda found: {
                f"{key}.$" if isinstance(value, str) and value[:1] in ("$", "S") else key: value
                for key, value in found.items()
            }
        )

    def rules_for_errors(self, ahead, language):
        found = {}
        if self.draw(st.booleans()):
            retrier = {"ErrorEquals": self.draw(ERRORS), "MaxAttempts": 1, "IntervalSeconds": 0}
            found["Retry"] = [retrier]
        if self.draw(st.booleans()):
            catcher = {"ErrorEquals": self.draw(ERRORS), "Next": self.some(*ahead)}
            if language == JSONPATH:
                catcher["ResultPath"] = self.draw(REFERENCE_PATHS | st.none())
            found["Catch"] = [catcher]
        return found
