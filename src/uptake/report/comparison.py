"""The comparison: its rows, their order, and the phrases of both halves, word for word.

Words only; `deploy_rows` and `implement_rows` say what stands behind each phrase. A phrase that
nothing stands behind is shown all the same, as not measured in this plan.
"""

DEFINITION, SCOPE, TIMING, FOCUS = "Definition", "Scope", "Timing", "Focus"
PROCESS, TIMELINE, GOALS = "Process", "Timeline", "Goals"
CHALLENGES, SUCCESS = "Challenges", "Success factors"

COMPARISON: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        DEFINITION,
        ("releasing a product or service into a live environment", "positioning resources for use"),
        ("putting a plan, decision or agreement into effect",),
    ),
    (SCOPE, ("resources and technology",), ("broader: any plan, with or without software",)),
    (TIMING, ("the initial set-up and installation",), ("the execution, until it is realised",)),
    (FOCUS, ("the technical aspects",), ("the human and organisational aspects",)),
    (
        PROCESS,
        ("setting up infrastructure", "configuring software", "testing functionality"),
        ("training users", "monitoring progress", "making adjustments"),
    ),
    (
        TIMELINE,
        ("time-sensitive: up quickly and smoothly",),
        ("longer-term: ongoing monitoring and adjustment over weeks and months",),
    ),
    (
        GOALS,
        ("up and running, quickly and efficiently", "technical requirements met", "all systems functioning"),
        ("used effectively", "the desired outcomes achieved"),
    ),
    (
        CHALLENGES,
        ("technical issues", "resource constraints", "unexpected obstacles"),
        ("resistance to change", "lack of user buy-in", "difficulty measuring success"),
    ),
    (
        SUCCESS,
        ("thorough testing", "clear communication", "effective project management"),
        ("user training", "ongoing support", "regular feedback"),
    ),
)
"""Each row: its name, the phrases of deploy, the phrases of implement."""

AIMS = {"deploy": "Get it live", "implement": "Get it used, for its purpose"}
"""What a half is for, under its name."""
