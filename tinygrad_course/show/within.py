"""Drawing on behalf of a program: names come from the program's variables, not from those of the code that draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Run as a program's own line: so its frame is the one in which `draw` looks for names. Those here begin with "_",
# which `draw` passes over.
_CALL = compile("_function(_output, **_options)", "<tinygrad_course>", "eval")


def within(variables: dict[str, Any], function: Callable[..., Any], output: Any, **options: Any) -> Any:
    """``function(output, **options)``, as if called where `variables` are the global ones."""
    return eval(_CALL, variables, {"_function": function, "_output": output, "_options": options})
