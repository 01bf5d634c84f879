"""Charts drawn: Vega-Lite specs to SVG, by a child process that goes when it is done.

The drawing engine holds the interpreter for most of a second and takes 160 MB; in a process of its own
it keeps nobody waiting and leaves nothing behind. Where it cannot draw there is no chart, only the table.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

WITHIN_S = 60.0
"""A drawing that takes longer is given up."""
VERSION = "6.4"
"""Of Vega-Lite: pinned, so that a chart is the same wherever it is drawn."""

SPOKEN = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


def draw(specs: Mapping[str, Any]) -> dict[str, str]:
    """SVG for each spec, by its name; empty where the engine is not there or fails.

    Args:
        specs: Vega-Lite specs by name.
    """
    if not specs:
        return {}
    command = [sys.executable, "-m", "uptake.app.drawing"]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(specs), capture_output=True, timeout=WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return msgspec.json.decode(done.stdout, type=dict[str, str])


def main() -> None:
    """The child: specs on stdin, drawings on stdout."""
    import vl_convert

    specs = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, dict[str, Any]])
    drawn = {name: _quiet(vl_convert.vegalite_to_svg(spec, vl_version=VERSION)) for name, spec in specs.items()}
    sys.stdout.buffer.write(msgspec.json.encode(drawn))


def _quiet(svg: str) -> str:
    """The drawing without the engine's own words for screen readers: whoever shows it says what it shows."""
    return SPOKEN.sub("", svg).replace("<svg ", '<svg aria-hidden="true" ', 1)


if __name__ == "__main__":
    main()
