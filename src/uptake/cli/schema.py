"""`uptake schema`: the plan file's JSON Schema, for editors.

Save it beside the plan and begin the plan with `# yaml-language-server: $schema=plan.schema.json`.
`uptake check` says more: a schema knows neither files nor columns nor sums.
"""

import sys


def run(*, json: bool = False) -> int:
    """Print the JSON Schema.

    Args:
        json: on one line; it is JSON in any case.
    """
    import msgspec

    from uptake.plan.schema import schema

    encoded = msgspec.json.encode(schema())
    sys.stdout.write((encoded if json else msgspec.json.format(encoded, indent=2)).decode() + "\n")
    return 0
